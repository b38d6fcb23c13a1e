"""Splits and data sets: subsets, counts, hashes, and fingerprints that tell data apart."""

import hashlib

import numpy as np
from helpers.dataset_photos import dataset, many, reads, split_of

from inception_hub.data import Dataset, split_dataset
from inception_hub.labels import Labels


def test_fingerprint_tells_data_apart() -> None:
    prints = {
        dataset(many(4), [0, 0, 1, 1]).fingerprint,
        dataset(many(4), [0, 1, 0, 1]).fingerprint,
        dataset([*many(3), b"other"], [0, 0, 1, 1]).fingerprint,
        split_dataset(dataset(many(4), [0, 0, 1, 1])).fingerprint,
        dataset(many(4), [0, 0, 1, 2]).fingerprint,
    }
    assert len(prints) == 5
    assert dataset(many(4), [0, 0, 1, 1]).fingerprint in prints


def test_a_subset_keeps_its_order_and_shares_the_hashes() -> None:
    split = split_of([b"a", b"b", b"c"], [0, 1, 2])
    assert split.content_hashes() == [hashlib.sha256(content).digest() for content in (b"a", b"b", b"c")]
    part = split.subset(np.array([2, 0]))
    assert [part.name(0), part.name(1)] == ["2.png", "0.png"]
    assert [part.encoded(0), part.encoded(1)] == [b"c", b"a"] and part.classes.tolist() == [2, 0]
    before = reads(split)
    assert part.content_hashes() == [split.content_hashes()[2], split.content_hashes()[0]]
    assert reads(split) == before


def test_a_photo_that_cannot_be_read_is_hashed_by_its_name() -> None:
    first, second = split_of([None, None], [0, 0]).content_hashes()
    assert first != second and len(first) == 32


def test_counts_are_by_split_and_name_with_empty_classes_and_names_that_repeat() -> None:
    labels = Labels(("crane", "owl", "crane"), (None,) * 3)
    splits = {"train": split_of(many(3), [0, 2, 2]), "test": split_of(many(1), [1])}
    assert Dataset("birds", labels, splits).counts() == {
        "train": {"crane": 3, "owl": 0},
        "test": {"crane": 0, "owl": 1},
    }
