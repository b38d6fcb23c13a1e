"""Classes of a data set: one numbering for all splits, and the classes' names, from any kind of labels."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import FormatError
from ..labels import WORDNET_ID, Labels

Classes = dict[str, NDArray[np.int64]]  # by split, the class of each photo


def number_classes(
    labels: Mapping[str, Sequence[Any]], declared: tuple[str, ...] | None, root: Path | None, data: str
) -> tuple[Labels, Classes]:
    """Numbers the classes of `labels`: returns their names, and by split the class of each photo, int64 [n].

    `labels`: by split, the label of each photo. Whole numbers are indices into `root/labels.txt`, else into
    `declared`; without either, each number that occurs is a class with itself as name. Text is sorted.
    WordNet ids come from `root/wnids.txt`, else from names that are such ids. `data` names the data set in
    messages. Raises `FormatError` for a label that is missing, neither number nor text, or out of range.
    """
    for split, values in labels.items():
        for row, label in enumerate(values):
            if isinstance(label, bool) or not isinstance(label, int | str) or label == "":
                raise FormatError(
                    f"The label of photo {row} of the {split} split of {data} is {label!r}; "
                    "give a whole number or text."
                )
    distinct = {label for values in labels.values() for label in values}
    if all(_is_number(label) for label in distinct):
        numbers = {split: np.array([int(label) for label in values], np.int64)
                   for split, values in labels.items()}  # fmt: skip
        return _from_numbers(numbers, declared, root, data)
    if not all(isinstance(label, str) for label in distinct):
        raise FormatError(f"The labels of {data} are text and numbers mixed; give one or the other.")
    names = sorted(distinct)
    index = {name: i for i, name in enumerate(names)}
    classes = {split: np.array([index[label] for label in values], np.int64)
               for split, values in labels.items()}  # fmt: skip
    return _with_wordnet_ids(names, root), classes


def _from_numbers(
    numbers: Classes, declared: tuple[str, ...] | None, root: Path | None, data: str
) -> tuple[Labels, Classes]:
    names: Sequence[str]
    if root is not None and (root / "labels.txt").is_file():
        names = Labels.read(root / "labels.txt").names
    elif declared is not None:
        names = declared
    else:
        distinct = np.unique(np.concatenate(list(numbers.values())))
        ranked = {split: np.searchsorted(distinct, values) for split, values in numbers.items()}
        return _with_wordnet_ids([str(label) for label in distinct], root), ranked
    for split, values in numbers.items():
        wrong = np.flatnonzero((values < 0) | (values >= len(names)))
        if wrong.size:
            raise FormatError(
                f"Photo {wrong[0]} of the {split} split of {data} has label {values[wrong[0]]}, but there "
                f"are {len(names)} class names; give 0 to {len(names) - 1}."
            )
    return _with_wordnet_ids(names, root), numbers


def _with_wordnet_ids(names: Sequence[str], root: Path | None) -> Labels:
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
