"""Near-duplicates: copies are told from look-alikes, whatever was done to them."""

import numpy as np
import pytest
from helpers.copied_photos import COPIES, lookalike, scene
from numpy.typing import NDArray
from PIL import Image

from inception_hub.errors import ArgumentError
from inception_hub.images.fingerprint import SIDE, fingerprint
from inception_hub.similarity import duplicates
from inception_hub.similarity.duplicates import (
    NEIGHBOURS,
    Group,
    Pair,
    duplicate_pairs,
    groups,
    near_duplicates,
)

FEATURES = 32


def vectors_of(kinds: list[int], noise: float = 0.1) -> NDArray[np.float32]:
    """A vector for each photo, those of one kind near each other."""
    generator = np.random.default_rng(0)
    means = generator.normal(size=(max(kinds) + 1, FEATURES))
    return np.array([means[kind] + noise * generator.normal(size=FEATURES) for kind in kinds], np.float32)


def fingerprints_of(photos: list[Image.Image]) -> NDArray[np.uint8]:
    return np.stack([fingerprint(photo) for photo in photos])


@pytest.mark.parametrize("name", COPIES)
def test_copies_are_found_among_lookalikes(name: str) -> None:
    """Vectors say the same of a copy and of the others of its kind: only fingerprints tell them apart."""
    photos: list[Image.Image] = []
    for seed in range(5):
        photos += [
            scene(seed),
            COPIES[name](scene(seed)),
            *(lookalike(scene(seed), 10 * seed + n) for n in (7, 8)),
        ]
    found = near_duplicates(vectors_of([i // 4 for i in range(20)]), fingerprints_of(photos))
    assert [group.indices for group in found] == [(i, i + 1) for i in range(0, 20, 4)]
    assert all(0.8 <= score <= 1 for group in found for score in group.scores)


def test_whether_one_is_mirrored_is_told() -> None:
    photos = [scene(0), COPIES["cropped"](scene(0)), scene(1), COPIES["mirrored"](scene(1))]
    pairs = duplicate_pairs(vectors_of([0, 0, 1, 1]), fingerprints_of(photos))
    assert [(pair.first, pair.second, pair.mirrored) for pair in pairs] == [(0, 1, False), (2, 3, True)]


def test_photos_whose_vectors_differ_are_not_compared() -> None:
    """As of a frame that many photos have: the fingerprints are alike, and what is on them is not."""
    same = fingerprints_of([scene(0), scene(0)])
    assert near_duplicates(vectors_of([0, 0]), same) == [Group((0, 1), (1.0, 1.0))]
    assert near_duplicates(vectors_of([0, 1]), same) == []


def test_photos_without_detail_are_copies_only_if_they_are_equal() -> None:
    generator = np.random.default_rng(0)
    flat = [np.full((SIDE, SIDE), level, np.uint8) for level in (0, 0, 200)]
    noisy = [(100 + generator.integers(0, 2, (SIDE, SIDE))).astype(np.uint8) for _ in range(2)]
    found = near_duplicates(np.ones((5, FEATURES), np.float32), np.stack([*flat, *noisy]))
    assert found == [Group((0, 1), (1.0, 1.0))]


def test_more_copies_than_a_photo_is_compared_with_are_one_group() -> None:
    count = 3 * NEIGHBOURS
    found = near_duplicates(np.ones((count, FEATURES), np.float32), fingerprints_of([scene(0)] * count))
    assert [group.indices for group in found] == [tuple(range(count))]


def test_groups_are_chains_of_pairs_with_each_photos_best_score() -> None:
    pairs = [Pair(4, 5, 0.9, False), Pair(0, 7, 0.85, True), Pair(5, 7, 0.95, False), Pair(1, 2, 1.0, False)]
    assert groups(pairs) == [Group((0, 4, 5, 7), (0.85, 0.9, 0.95, 0.95)), Group((1, 2), (1.0, 1.0))]
    assert groups([]) == []


def test_progress_is_told() -> None:
    told: list[tuple[int, int]] = []
    duplicate_pairs(
        vectors_of([0, 1, 2]),
        fingerprints_of([scene(i) for i in range(3)]),
        on_progress=lambda done, total: told.append((done, total)),
    )
    assert told == [(1, 3), (2, 3), (3, 3)]


def test_no_photos_and_one_photo_have_no_copies() -> None:
    for count in (0, 1):
        vectors = np.ones((count, FEATURES), np.float32)
        assert near_duplicates(vectors, np.zeros((count, SIDE, SIDE), np.uint8)) == []


def test_arrays_that_do_not_fit_are_refused() -> None:
    fingerprints = np.zeros((2, SIDE, SIDE), np.uint8)
    with pytest.raises(ArgumentError, match=r"3 vectors have fingerprints uint8 \[2, 64, 64\]; give"):
        near_duplicates(np.ones((3, FEATURES), np.float32), fingerprints)
    with pytest.raises(ArgumentError, match=r"Vector 1 holds numbers that are not finite"):
        near_duplicates(np.array([[1, 0], [np.nan, 1]], np.float32), fingerprints)


def test_what_takes_hours_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(duplicates, "QUICK", 1)
    prints = np.stack([fingerprint(scene(0))] * 2)
    with pytest.warns(UserWarning, match=r"Comparing 2 photos with each other takes hours; a part of them"):
        assert len(near_duplicates(np.ones((2, 4), np.float32), prints)) == 1
