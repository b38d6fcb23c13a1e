"""One numbering of classes for all splits, and their names, from whatever labels the data has."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import FormatError
from ..labels import WORDNET_ID, Labels

Numbers = dict[str, NDArray[np.int64]]


def number(
    values: Mapping[str, Sequence[Any]], declared: tuple[str, ...] | None, root: Path | None, data: str
) -> tuple[Labels, Numbers]:
    """The classes' names, and by split the class of each photo, int64 [n].

    Whole numbers are indices into `root/labels.txt`, else `declared`; without either each number that occurs
    is a class with itself as name. Text is sorted. WordNet ids come from `root/wnids.txt`, else from names
    that are such ids. Raises `FormatError` for a missing label, one that is neither, or one out of range.
    """
    for split, labels in values.items():
        for row, label in enumerate(labels):
            if isinstance(label, bool) or not isinstance(label, int | str) or label == "":
                raise FormatError(
                    f"The label of photo {row} of the {split} split of {data} is {label!r}; "
                    "give a whole number or text."
                )
    distinct = {label for labels in values.values() for label in labels}
    if all(_is_number(label) for label in distinct):
        numbers = {split: np.array([int(label) for label in labels], np.int64)
                   for split, labels in values.items()}  # fmt: skip
        return _from_numbers(numbers, declared, root, data)
    if not all(isinstance(label, str) for label in distinct):
        raise FormatError(f"The labels of {data} are text and numbers mixed; give one or the other.")
    names = sorted(distinct)
    index = {name: i for i, name in enumerate(names)}
    found = {split: np.array([index[label] for label in labels], np.int64)
             for split, labels in values.items()}  # fmt: skip
    return _named(names, root), found


def _from_numbers(
    numbers: Numbers, declared: tuple[str, ...] | None, root: Path | None, data: str
) -> tuple[Labels, Numbers]:
    names: Sequence[str]
    if root is not None and (root / "labels.txt").is_file():
        names = Labels.read(root / "labels.txt").names
    elif declared is not None:
        names = declared
    else:
        distinct = np.unique(np.concatenate(list(numbers.values())))
        ranked = {split: np.searchsorted(distinct, found) for split, found in numbers.items()}
        return _named([str(label) for label in distinct], root), ranked
    for split, found in numbers.items():
        wrong = np.flatnonzero((found < 0) | (found >= len(names)))
        if wrong.size:
            raise FormatError(
                f"Photo {wrong[0]} of the {split} split of {data} has label {found[wrong[0]]}, but there are "
                f"{len(names)} class names; give 0 to {len(names) - 1}."
            )
    return _named(names, root), numbers


def _named(names: Sequence[str], root: Path | None) -> Labels:
    file = root / "wnids.txt" if root is not None else None
    if file is None or not file.is_file():
        return Labels(tuple(names), tuple(n if WORDNET_ID.fullmatch(n) else None for n in names))
    try:
        return Labels.from_text("".join(f"{name}\n" for name in names), Labels.read(file).names)
    except FormatError as error:
        raise FormatError(f"{file}: {error}") from error


def _is_number(label: int | str) -> bool:
    # "007" is a name, not 7.
    return isinstance(label, int) or (label.isascii() and label.isdigit() and str(int(label)) == label)
