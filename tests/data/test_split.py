"""Splitting by content: stable, stratified, copies together."""

import hashlib

import numpy as np
import pytest
from helpers.dataset_photos import dataset, many, reads, split_of
from hypothesis import given, settings
from hypothesis import strategies as st

from inception_hub.data import Dataset, duplicates_across_splits, duplicates_within_splits, split_dataset
from inception_hub.errors import ArgumentError, FormatError
from inception_hub.labels import Labels


def contents_of(data: Dataset, split: str) -> set[bytes]:
    part = data.splits[split]
    return {part.encoded(i) for i in range(len(part))}


def test_fractions_are_about_those_asked_for() -> None:
    done = split_dataset(dataset(many(2000), [i % 2 for i in range(2000)]), validation=0.1, test=0.2)
    sizes = {name: len(split) for name, split in done.splits.items()}
    assert 160 < sizes["validation"] < 240 and 340 < sizes["test"] < 460
    assert sum(sizes.values()) == 2000


def test_adding_and_renaming_moves_none() -> None:
    before = split_dataset(dataset(many(400), [i % 4 for i in range(400)]))
    renamed = [f"elsewhere/{i}.jpg" for i in reversed(range(600))]
    contents, classes = many(600)[::-1], [i % 4 for i in range(600)][::-1]
    after = split_dataset(dataset(contents, classes, renamed))
    for name in ("train", "validation"):
        assert contents_of(before, name) <= contents_of(after, name)
    with_test = split_dataset(dataset(many(400), [i % 4 for i in range(400)]), test=0.1)
    assert contents_of(with_test, "validation") == contents_of(before, "validation")


@settings(max_examples=200, deadline=None)
@given(
    classes=st.lists(
        st.lists(st.integers(0, 1000), min_size=2, max_size=30, unique=True), min_size=2, max_size=5
    ),
    copies=st.lists(st.integers(0, 10_000), max_size=20),
    validation=st.floats(0.001, 0.6),
    test=st.floats(0, 0.39),
)
def test_every_class_on_both_sides_and_copies_together(
    classes: list[list[int]], copies: list[int], validation: float, test: float
) -> None:
    photos = [(f"{label} {number}".encode(), label) for label, each in enumerate(classes) for number in each]
    photos += [photos[copy % len(photos)] for copy in copies]
    data = dataset([content for content, _ in photos], [label for _, label in photos])
    done = split_dataset(data, validation, test)
    for name in ("train", "validation"):
        assert set(done.splits[name].classes.tolist()) == set(range(len(classes)))
    assert duplicates_across_splits(done) == []
    rows = np.concatenate([split.rows for split in done.splits.values()])
    assert sorted(rows.tolist()) == list(range(len(photos)))
    assert all((np.diff(split.rows) > 0).all() for split in done.splits.values())


def test_a_photo_of_two_classes_stays_on_one_side() -> None:
    contents = [*many(3), *many(3)]
    done = split_dataset(dataset(contents, [0, 0, 0, 1, 1, 1]), validation=0.01)
    assert duplicates_across_splits(done) == []
    assert set(done.splits["validation"].classes.tolist()) == {0, 1}


def test_a_class_of_one_photo_is_named() -> None:
    with pytest.raises(FormatError, match=r"Class 'class 1' has one photo.*add images or remove the folder"):
        split_dataset(dataset([*many(3), b"x", b"x"], [0, 0, 0, 1, 1]))


def test_triangle_of_copies_cannot_be_split() -> None:
    with pytest.raises(FormatError, match="cannot be split.*keep each photo in one class"):
        split_dataset(dataset([b"x", b"y", b"y", b"z", b"z", b"x"], [0, 0, 1, 1, 2, 2]))


@pytest.mark.parametrize("validation, test", [(0, 0), (1, 0), (0.5, 0.5), (0.1, -0.1)])
def test_fractions_outside(validation: float, test: float) -> None:
    with pytest.raises(ArgumentError, match="together below 1"):
        split_dataset(dataset(many(4), [0, 0, 1, 1]), validation, test)


def test_what_has_a_validation_split_is_left_alone() -> None:
    data = split_dataset(dataset(many(40), [i % 2 for i in range(40)]))
    assert split_dataset(data, 0.5) is data


def test_duplicates_are_named_and_hashed_once() -> None:
    train = split_of([b"a", b"b", b"c"], [0, 1, 0], ["t/a", "t/b", "t/c"])
    held = split_of([b"c", b"d", b"a", b"a"], [0, 1, 0, 0], ["v/c", "v/d", "v/a", "v/a2"])
    data = Dataset("data", Labels(("x", "y"), (None, None)), {"train": train, "validation": held})
    expected = [
        ("train:t/c", "validation:v/c"),
        ("train:t/a", "validation:v/a"),
        ("train:t/a", "validation:v/a2"),
    ]
    assert duplicates_across_splits(data) == duplicates_across_splits(data) == expected
    assert reads(train) == 3 and reads(held) == 4
    train.subset([2, 0]).content_hashes()
    assert reads(train) == 3


def test_duplicates_within_a_split_are_told_by_their_classes() -> None:
    train = split_of([b"a", b"b", b"a", b"a", b"b"], [0, 1, 0, 1, 1])
    held = split_of([b"a", b"c"], [0, 1])
    data = Dataset("data", Labels(("x", "y"), (None, None)), {"train": train, "validation": held})
    assert duplicates_within_splits(data) == (
        [("train:0.png", "train:2.png"), ("train:1.png", "train:4.png")],
        [("train:0.png", "train:3.png")],
    )
    assert reads(train) == 5


def test_an_unreadable_photo_has_a_place_too() -> None:
    data = dataset(many(4), [0, 0, 1, 1])
    data.splits["train"].photos.contents[1] = None  # type: ignore[attr-defined]
    assert sum(len(split) for split in split_dataset(data).splits.values()) == 4


def test_where_ten_contents_go() -> None:
    """By the first eight bytes of SHA-256 as a share of one, validation lowest: no release may move a photo.

    Of the first class none lies below 0.3; its lowest, 0.558, is taken.
    """
    contents = many(10)
    shares = [int.from_bytes(hashlib.sha256(each).digest()[:8], "big") / 2**64 for each in contents]
    assert [round(share, 3) for share in shares] == [
        0.586, 0.897, 0.607, 0.453, 0.911, 0.36, 0.558, 0.826, 0.764, 0.028,
    ]  # fmt: skip
    done = split_dataset(dataset(contents, [0, 1] * 5), validation=0.3, test=0.2)
    places = {content: name for name in done.splits for content in contents_of(done, name)}
    assert [places[each] for each in contents] == [
        "train", "train", "train", "test", "train", "test", "validation", "train", "train", "validation",
    ]  # fmt: skip
    done = split_dataset(dataset(contents, [0, 1] * 5))  # a tenth, and no test split
    places = {content: name for name in done.splits for content in contents_of(done, name)}
    assert [index for index in range(10) if places[contents[index]] == "validation"] == [6, 9]
