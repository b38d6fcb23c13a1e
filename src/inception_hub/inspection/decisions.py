"""The file of decisions: a line for each finding, which a person edits and training takes.

Photos are named as the data lists them, from its folder on, so that it may lie elsewhere when the file is
read. A photo that has several lines is left out if one of them says so.
"""

import csv
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TextIO, get_args

import numpy as np

from ..data import TRAIN, Dataset, Split
from ..data.text_tables import read_table
from ..errors import FormatError
from ..system.text import counted, csv_path, csv_text, first_few, printable
from .findings import Decision, Finding

COLUMNS = ("path", "split", "class", "kind", "score", "suggestion", "decision")
DECISIONS: tuple[Decision, ...] = get_args(Decision)


def names_of(split: Split) -> list[str]:
    """The name of each photo in a file of decisions; of two of one name the second has ` (2)` behind it."""
    names: list[str] = []
    used: set[str] = set()
    last: dict[str, int] = {}
    for index in range(len(split)):
        name = csv_path(split.within(index)).strip()
        unique, number = name, last.get(name, 1)
        while unique in used:
            number += 1
            unique = f"{name} ({number})"
        last[name] = number
        used.add(unique)
        names.append(unique)
    return names


def write_decisions(file: TextIO, dataset: Dataset, findings: Iterable[Finding]) -> None:
    """A line of `COLUMNS`, then one for each finding. `file`: opened with `newline=""`."""
    names = {name: names_of(split) for name, split in dataset.splits.items()}
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(COLUMNS)
    for each in findings:
        split, index = each.photo
        suggestion = each.suggestion
        if each.copied is not None:
            suggestion = f"copy of {each.copied[0]}: {names[each.copied[0]][each.copied[1]]}"
        score = "" if each.score is None else f"{each.score:.4g}"
        line = (names[split][index], split, csv_text(each.label), each.kind, score, csv_text(suggestion))
        writer.writerow((*line, each.decision))


def without_excluded(dataset: Dataset, file: Path) -> Dataset:
    """`dataset` without the photos that `file` decides to exclude, and a note of how many these are.

    Raises `FormatError` for a file that is no such file or names a photo to exclude that the data does not
    have, and where fewer than two classes would be left to train on.
    """
    excluded = _excluded(file)
    splits: dict[str, Split] = {}
    left_out = 0
    for name, split in dataset.splits.items():
        wanted, names = excluded.pop(name, {}), names_of(split)
        if unknown := list(wanted.keys() - set(names)):
            raise _unknown(file, dataset, name, sorted(unknown))
        kept = [index for index, photo in enumerate(names) if photo not in wanted]
        left_out += len(split) - len(kept)
        if kept:
            splits[name] = split if len(kept) == len(split) else split.subset(kept)
    for name, wanted in excluded.items():
        raise _unknown(file, dataset, name, sorted(wanted))
    if TRAIN not in splits or len(np.unique(splits[TRAIN].classes)) < 2:
        raise FormatError(
            f"{file} leaves fewer than two classes to train on; decide to keep photos of two or more."
        )
    note = f"{counted(left_out, 'photo is', 'photos are')} left out, as {file.name} says."
    return replace(dataset, splits=splits, notes=(*dataset.notes, note))


def _excluded(file: Path) -> dict[str, dict[str, None]]:
    """The names of the photos to exclude, by split."""
    table = read_table(str(file))
    needed = ("path", "split", "decision")
    if missing := [name for name in needed if name not in table]:
        raise FormatError(
            f"{file} has no column {missing[0]!r}; give what inspect --decisions wrote, with its columns "
            f"{', '.join(COLUMNS)}."
        )
    excluded: dict[str, dict[str, None]] = {}
    for row, (path, split, decision) in enumerate(zip(*(table[name] for name in needed), strict=True), 1):
        if not all(isinstance(value, str) for value in (path, split, decision)):
            raise FormatError(
                f"Finding {row} of {file} is not all text; give what inspect --decisions wrote."
            )
        if decision.lower() not in DECISIONS:
            raise FormatError(
                f"Finding {row} of {file} has the decision {decision[:60]!r}; give {' or '.join(DECISIONS)}."
            )
        if decision.lower() == "exclude":
            excluded.setdefault(split, {})[path] = None
    return excluded


def _unknown(file: Path, dataset: Dataset, split: str, names: Sequence[str]) -> FormatError:
    photos = counted(len(names), "photo", "photos")
    return FormatError(
        f"{file} excludes {photos} that the {split[:60]!r} split of {dataset.name} does not have: "
        f"{first_few([printable(name)[:200] for name in names])}; give the decisions about this data, or "
        "take these lines out."
    )
