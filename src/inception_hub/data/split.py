"""A validation split for data that came without one, and photos that are in two splits at once."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ..errors import ArgumentError, FormatError
from .photos import Dataset

TRAIN, VALIDATION, TEST = "train", "validation", "test"


def split_dataset(dataset: Dataset, validation: float = 0.1, test: float = 0.0) -> Dataset:
    """`dataset` with about the fractions `validation` and `test` of its training photos split off.

    Data with a validation split is returned as it is; a test split is kept, and none is added to it.

    Where a photo goes is decided by the SHA-256 of its bytes. TF-Hub's retrain.py hashed the path: adding
    photos then moves none, as here, but renaming a photo or its folder moves it, and copies of one photo
    under two names end up on both sides. Here copies always go together, whatever they are called.

    Every class with photos gets at least one for validation and one for training. Only where the hashes
    alone give it none, the photo nearest the threshold is taken: the one case in which adding a photo to
    such a small class may move another of it.

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
    place = _places(hashes, train.classes.tolist(), dataset.labels.names, validation, test)
    parts = dict(dataset.splits)
    for name in (TRAIN, VALIDATION) + ((TEST,) if test else ()):
        part = train.subset([i for i, digest in enumerate(hashes) if place[digest] == name])
        if len(part):
            parts[name] = part
    return replace(dataset, splits=parts)


def duplicates_across_splits(dataset: Dataset) -> list[tuple[str, str]]:
    """Photos of exactly the same bytes in two splits, as pairs of `split:name`.

    Each photo that an earlier split (in the order train, validation, test) has too is named once, after the
    first one there. The hashes are those of `split_dataset`, computed once.
    """
    first: dict[bytes, tuple[str, str]] = {}
    pairs: list[tuple[str, str]] = []
    for name in (TRAIN, VALIDATION, TEST):
        split = dataset.splits.get(name)
        for i, digest in enumerate(split.content_hashes() if split else ()):
            place = f"{name}:{split.name(i)}" if split else name
            where, earlier = first.setdefault(digest, (name, place))
            if where != name:
                pairs.append((earlier, place))
    return pairs


def _places(
    hashes: Sequence[bytes], classes: Sequence[int], names: Sequence[str], validation: float, test: float
) -> dict[bytes, str]:
    """The split of each content."""
    members: dict[int, set[bytes]] = defaultdict(set)
    owners: dict[bytes, set[int]] = defaultdict(set)
    for digest, label in zip(hashes, classes, strict=True):
        members[label].add(digest)
        owners[digest].add(label)
    place = {digest: _by_threshold(_position(digest), validation, test) for digest in owners}
    for label in sorted(members):
        contents = members[label]
        if len(contents) < 2:
            raise FormatError(
                f"Class {names[label]!r} has one photo, copies counted once, but one to train and one to "
                "validate with are needed; add images or remove the folder."
            )
        # What other classes hold too comes last: to move it could undo what was done for them.
        nearest = sorted(contents, key=lambda digest: (len(owners[digest]), _position(digest)))
        farthest = sorted(contents, key=lambda digest: (len(owners[digest]), -_position(digest)))
        if all(place[digest] != VALIDATION for digest in contents):
            free = [digest for digest in nearest if place[digest] == TRAIN]
            place[(free or nearest)[0]] = VALIDATION
        if all(place[digest] != TRAIN for digest in contents):
            held = [digest for digest in farthest if place[digest] == VALIDATION]
            spare = held if len(held) > 1 else [digest for digest in farthest if place[digest] == TEST]
            place[spare[0]] = TRAIN
    for label, contents in members.items():
        if not {TRAIN, VALIDATION} <= {place[digest] for digest in contents}:
            raise FormatError(
                f"Class {names[label]!r} cannot be split: its photos are also in other classes; "
                "keep each photo in one class."
            )
    return place


def _position(digest: bytes) -> float:
    """A content's place in [0, 1)."""
    return int(np.frombuffer(digest[:8], ">u8")[0]) / 2**64


def _by_threshold(position: float, validation: float, test: float) -> str:
    # Validation lies lowest: asking for a test split as well takes from training only.
    if position < validation:
        return VALIDATION
    return TEST if position < validation + test else TRAIN
