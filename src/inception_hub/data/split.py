"""Splits off photos for validation and testing by their content, and finds copies across splits."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ..errors import ArgumentError, FormatError
from .dataset import Dataset
from .splits import TEST, TRAIN, VALIDATION


def split_dataset(dataset: Dataset, validation: float = 0.1, test: float = 0.0) -> Dataset:
    """`dataset` with about the fractions `validation` and `test` of its training photos split off.

    Data with a validation split is returned as it is; a test split is kept, and no photo is added to it.

    The SHA-256 of a photo's bytes decides its split. TF-Hub's retrain.py hashed the path: adding photos then
    moves none, as here, but renaming a photo or its folder moves it, and copies of one photo under two names
    end up in two splits. Here copies always stay together, whatever they are called.

    Every class with photos gets at least one for validation and one for training. Where the hashes alone
    give it none, the photo nearest the threshold is taken; only in such a small class may adding a photo
    move another.

    Raises `FormatError` naming a class that has fewer than two different photos, `ArgumentError` for
    fractions that leave nothing.
    """
    if not 0 < validation < 1 or not 0 <= test < 1 or validation + test >= 1:
        raise ArgumentError(
            f"validation is {validation} and test is {test}; give fractions, validation above 0 and both "
            "together below 1."
        )
    if VALIDATION in dataset.splits:
        return dataset
    train = dataset.splits[TRAIN]
    hashes = train.content_hashes()
    test = 0.0 if TEST in dataset.splits else test
    assigned = _assign(hashes, train.classes.tolist(), dataset.labels.names, validation, test)
    splits = dict(dataset.splits)
    for name in (TRAIN, VALIDATION) + ((TEST,) if test else ()):
        split = train.subset([i for i, digest in enumerate(hashes) if assigned[digest] == name])
        if len(split):
            splits[name] = split
    return replace(dataset, splits=splits)


def duplicates_across_splits(dataset: Dataset) -> list[tuple[str, str]]:
    """Photos of exactly the same bytes in two splits, as pairs of `split:name`.

    Each photo that an earlier split (in the order train, validation, test) also has is named once, paired
    with the first copy there. Hashes that `split_dataset` computed are used again.
    """
    first: dict[bytes, tuple[str, str]] = {}
    pairs: list[tuple[str, str]] = []
    for name in (TRAIN, VALIDATION, TEST):
        split = dataset.splits.get(name)
        for i, digest in enumerate(split.content_hashes() if split else ()):
            photo = f"{name}:{split.name(i)}" if split else name
            first_split, original = first.setdefault(digest, (name, photo))
            if first_split != name:
                pairs.append((original, photo))
    return pairs


def duplicates_within_splits(dataset: Dataset) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Photos of exactly the same bytes in one split: pairs of one class, and pairs of two classes.

    Each later copy is named once, paired with the first, by `split:name`. Hashes are used again, as above.
    """
    same: list[tuple[str, str]] = []
    other: list[tuple[str, str]] = []
    for name, split in dataset.splits.items():
        first: dict[bytes, int] = {}
        for i, digest in enumerate(split.content_hashes()):
            original = first.setdefault(digest, i)
            if original != i:
                pairs = same if split.classes[original] == split.classes[i] else other
                pairs.append((f"{name}:{split.name(original)}", f"{name}:{split.name(i)}"))
    return same, other


def _assign(
    hashes: Sequence[bytes], classes: Sequence[int], names: Sequence[str], validation: float, test: float
) -> dict[bytes, str]:
    """The split of each content hash."""
    contents_of: dict[int, set[bytes]] = defaultdict(set)
    classes_of: dict[bytes, set[int]] = defaultdict(set)
    for digest, label in zip(hashes, classes, strict=True):
        contents_of[label].add(digest)
        classes_of[digest].add(label)
    assigned = {digest: _by_threshold(_position(digest), validation, test) for digest in classes_of}
    for label in sorted(contents_of):
        contents = contents_of[label]
        if len(contents) < 2:
            raise FormatError(
                f"Class {names[label]!r} has one photo, copies counted once, but one to train and one to "
                "validate with are needed; add images or remove the folder."
            )
        # Photos that are in several classes are moved last: moving one could leave another class without.
        nearest = sorted(contents, key=lambda digest: (len(classes_of[digest]), _position(digest)))
        farthest = sorted(contents, key=lambda digest: (len(classes_of[digest]), -_position(digest)))
        if all(assigned[digest] != VALIDATION for digest in contents):
            in_train = [digest for digest in nearest if assigned[digest] == TRAIN]
            assigned[(in_train or nearest)[0]] = VALIDATION
        if all(assigned[digest] != TRAIN for digest in contents):
            held_out = [digest for digest in farthest if assigned[digest] == VALIDATION]
            in_test = [digest for digest in farthest if assigned[digest] == TEST]
            assigned[(held_out if len(held_out) > 1 else in_test)[0]] = TRAIN
    for label, contents in contents_of.items():
        if not {TRAIN, VALIDATION} <= {assigned[digest] for digest in contents}:
            raise FormatError(
                f"Class {names[label]!r} cannot be split: its photos are also in other classes; "
                "keep each photo in one class."
            )
    return assigned


def _position(digest: bytes) -> float:
    """A number in [0, 1) from a content hash, uniform over all contents."""
    return int(np.frombuffer(digest[:8], ">u8")[0]) / 2**64


def _by_threshold(position: float, validation: float, test: float) -> str:
    # Validation comes first: asking for a test split as well takes photos from training only.
    if position < validation:
        return VALIDATION
    return TEST if position < validation + test else TRAIN
