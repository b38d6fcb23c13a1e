"""Classes of a data set: one numbering for all splits, and the classes' names, from any kind of labels."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import FormatError
from ..labels import WORDNET_ID, Labels
from ..system.text import encoded

Classes = dict[str, NDArray[np.int64]]  # by split, the class of each photo
LABELS, WORDNET_IDS = "labels.txt", "wnids.txt"  # files beside the data
NUMBER = re.compile(r"-?(0|[1-9][0-9]{0,17})", re.ASCII)  # "007" is a name, not 7
NONE = "-1"  # as a table has it, where a photo has no class
MOST = 10**18  # whole numbers fit into 64 bits


def number_classes(
    labels: Mapping[str, Sequence[Any]],
    declared: tuple[str, ...] | None,
    root: Path | None,
    data: str,
    *,
    are_names: bool = False,
) -> tuple[Labels, Classes]:
    """Numbers the classes of `labels`: returns their names, and by split the class of each photo, int64 [n].

    `labels`: by split, the label of each photo. Whole numbers are indices into `root/labels.txt`, else into
    `declared`; without either, each number that occurs is a class with itself as name. Text is sorted,
    without white space around it and with its accents composed; so are numbers if they `are_names`.
    WordNet ids come from `root/wnids.txt`, else from names that are such ids. `data` names the data set in
    messages. Raises `FormatError` for a label that is missing, neither number nor text, or out of range.
    """
    texts: dict[str, str] = {}  # each once: many rows may have one long text
    tidied = {split: [_tidy(label, texts) for label in values] for split, values in labels.items()}
    for split, values in tidied.items():
        for row, label in enumerate(values):
            is_number = isinstance(label, int) and not isinstance(label, bool) and abs(label) < MOST
            if not is_number and (not isinstance(label, str) or not label):
                raise FormatError(
                    f"The label of photo {row} of the {split} split of {data} is {labels[split][row]!r:.80}; "
                    "give a whole number or text."
                )
    distinct = {label for values in tidied.values() for label in values}
    if not are_names and all(isinstance(label, int) or NUMBER.fullmatch(label) for label in distinct):
        numbers = {split: np.array([int(label) for label in values], np.int64)
                   for split, values in tidied.items()}  # fmt: skip
        return _from_numbers(numbers, declared, root, data)
    if not all(isinstance(label, str) for label in distinct):
        raise FormatError(f"The labels of {data} are text and numbers mixed; give one or the other.")
    if not are_names and NONE in distinct:
        split = next(split for split, values in tidied.items() if NONE in values)
        raise _below_zero(split, tidied[split].index(NONE), NONE, data)
    names = sorted(distinct)
    index = {name: i for i, name in enumerate(names)}
    classes = {split: np.array([index[label] for label in values], np.int64)
               for split, values in tidied.items()}  # fmt: skip
    return _with_wordnet_ids(names, root), classes


def classes_by_name(given: Labels, wanted: Labels, data: str) -> NDArray[np.int64]:
    """The class in `wanted` of each class of `given`, the labels of `data`, int64 [classes of `given`].

    By their names; numbers without names are the numbers of `wanted`'s classes. Raises `FormatError` for a
    class that `wanted` does not have, or has twice.
    """
    if given.names == wanted.names:
        return np.arange(len(wanted))
    if all(map(NUMBER.fullmatch, given.names)) and not any(map(NUMBER.fullmatch, wanted.names)):
        numbers = np.array(given.names, np.int64)
        if numbers.max() < len(wanted):
            return numbers
    places = {composed(name): index for index, name in enumerate(wanted.names)}
    unknown = [name for name in given.names if composed(name) not in places]
    if unknown:
        some = ", ".join(map(repr, wanted.names[:3])) + (", ..." if len(wanted) > 3 else "")
        raise FormatError(
            f"Class {unknown[0]!r} of {data} is none of the training data, which has {some}; give validation "
            "data with the same class names."
        )
    if len(places) < len(wanted):
        raise FormatError(
            f"The training data has two classes of one name, and {data} other classes than it: give "
            "validation data with the same classes in the same order."
        )
    return np.array([places[composed(name)] for name in given.names], np.int64)


def composed(name: str) -> str:
    """`name` with its accents as one character each, as only some systems write them."""
    return unicodedata.normalize("NFC", name)


def _tidy(label: Any, texts: dict[str, str]) -> Any:
    """Text as a name that can be written anywhere, taken from or put into `texts`; else `label` as it is."""
    if not isinstance(label, str):
        return label
    if label not in texts:
        texts[label] = composed(encoded(label.strip()).decode())
    return texts[label]


def _below_zero(split: str, row: int, label: object, data: str) -> FormatError:
    return FormatError(
        f"The label of photo {row} of the {split} split of {data} is {label}, which stands for none: give "
        "every photo a class, or leave it out."
    )


def _from_numbers(
    numbers: Classes, declared: tuple[str, ...] | None, root: Path | None, data: str
) -> tuple[Labels, Classes]:
    for split, values in numbers.items():
        if (values < 0).any():
            row = int(np.flatnonzero(values < 0)[0])
            raise _below_zero(split, row, values[row], data)
    names: Sequence[str]
    if root is not None and (root / LABELS).is_file():
        names = Labels.read(root / LABELS).names
    elif declared is not None:
        names = declared
    else:
        distinct = np.unique(np.concatenate(list(numbers.values())))
        ranked = {split: np.searchsorted(distinct, values) for split, values in numbers.items()}
        return _with_wordnet_ids([str(label) for label in distinct], root), ranked
    for split, values in numbers.items():
        wrong = np.flatnonzero(values >= len(names))
        if wrong.size:
            raise FormatError(
                f"Photo {wrong[0]} of the {split} split of {data} has label {values[wrong[0]]}, but there "
                f"are {len(names)} class names; give 0 to {len(names) - 1}."
            )
    return _with_wordnet_ids(names, root), numbers


def _with_wordnet_ids(names: Sequence[str], root: Path | None) -> Labels:
    file = root / WORDNET_IDS if root is not None else None
    if file is None or not file.is_file():
        return Labels(tuple(names), tuple(n if WORDNET_ID.fullmatch(n) else None for n in names))
    try:
        return Labels.from_text("".join(f"{name}\n" for name in names), Labels.read(file).names)
    except FormatError as error:
        raise FormatError(f"{file}: {error}") from error
