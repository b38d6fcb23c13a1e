"""`open_dataset`: data sets from folders, Parquet, CSV, tar shards or the Hugging Face hub."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import FormatError
from ..system.text import counted, listed
from .classes import number_classes
from .columns import labels_of, photos_of, unread_columns
from .data_files import ACCEPTED, FORMATS, SPLITS, TEST, TRAIN, VALIDATION, find_data_files
from .dataset import Dataset, Photos, Split
from .folders import class_folders
from .huggingface import load_hub, load_local
from .left_out import left_out_of_folders, left_out_of_shards

HUB_NAME = re.compile(r"[A-Za-z0-9][\w.-]*/[\w.-]+")
Data = str | Path


@dataclass(frozen=True)
class _Unnumbered:
    """By split the photos and the label of each; `declared`: the classes' names where the data has them."""

    name: str
    photos: Mapping[str, Photos]
    labels: dict[str, list[Any]]
    declared: tuple[str, ...] | None
    root: Path | None = None  # the folder that may hold labels.txt and wnids.txt
    notes: tuple[str, ...] = ()  # what is not read, in sentences


def open_dataset(data: Data, validation: Data | None = None, *, to_train: bool = True) -> Dataset:
    """The photos of `data`, undecoded, with their classes, by splits.

    `data`: a folder with one folder per class (or such folders under train, validation and test), a folder
    of Parquet files or tar shards (WebDataset) named `<split>-*`, with `labels.txt` and `wnids.txt` beside
    them if there are names and WordNet ids, one such file, a CSV file with the columns `path` (relative to
    the file's folder) and `label`, or the name of a data set on the Hugging Face hub, `owner/name` or
    `hf://owner/name`. Data without splits is all "train"; "val", "valid" and the like are "validation".

    `validation`: data of the same kinds and with the same class names whose photos become the validation
    split, in place of that of `data`. `to_train`: whether the data must have a training split, of two classes
    or more; what is measured may have any.

    Hugging Face keeps Arrow copies in `datasets` of this package's cache; copies of an earlier state of the
    same data are never used and are removed.

    Raises `HandleError` for a path without a data set, `FormatError` for data that cannot be read or trained
    on, or whose class names differ, `DownloadError` for a hub name that cannot be had, `OutputError`
    if the cache cannot be written, `MissingExtraError` without Hugging Face `datasets` for anything but
    folders.
    """
    dataset = _open(data)
    if validation is not None:
        held = _open(validation)
        split = _validation_split(held, dataset, validation)
        notes = tuple(dict.fromkeys((*dataset.notes, *held.notes)))
        dataset = replace(dataset, splits={**dataset.splits, VALIDATION: split}, notes=notes)
    if not to_train:
        return dataset
    if TRAIN not in dataset.splits:
        raise FormatError(
            f"{data} has a {' and a '.join(sorted(dataset.splits))} split but no train split; add one, or "
            "give the folder of that split alone."
        )
    used = np.unique(dataset.splits[TRAIN].classes)
    if len(used) < 2:
        raise FormatError(
            f"{data} has one class only ({dataset.labels[used[0]]!r}); fine-tuning needs two or more: "
            "add another."
        )
    return dataset


def _open(data: Data) -> Dataset:
    hub = _hub_name(data)
    unnumbered = _from_path(Path(data)) if hub is None else _from_hub(hub)
    labels = {split: values for split, values in unnumbered.labels.items() if values}
    if not labels:
        raise FormatError(f"{data} holds no images; give {ACCEPTED}.")
    names, classes = number_classes(labels, unnumbered.declared, unnumbered.root, str(data))
    photos = unnumbered.photos
    splits = {s: Split(values, photos[s], np.arange(len(values))) for s, values in classes.items()}
    return Dataset(unnumbered.name, names, splits, unnumbered.notes)


def _from_path(path: Path) -> _Unnumbered:
    data_files = find_data_files(path)
    name = path.absolute().resolve().name
    if data_files.format == "folders":
        photos = [file for files in data_files.files.values() for file in files]
        notes = left_out_of_folders(data_files.root, photos)
        return _Unnumbered(name, *class_folders(data_files), data_files.root, tuple(notes))
    notes = left_out_of_shards(data_files)
    return _from_tables(name, load_local(data_files), data_files.files, data_files.root, notes)


def _from_hub(name: str) -> _Unnumbered:
    every = load_hub(name)
    tables = {SPLITS[s.lower()]: t for s, t in every.items() if s.lower() in SPLITS}
    notes = _unread("split", [s for s in every if s.lower() not in SPLITS])
    unnumbered = _from_tables(name.split("/")[-1], tables, {}, None, notes)
    if set(unnumbered.labels.get(TEST, [0])) <= {-1, None}:
        del unnumbered.labels[TEST]  # competitions publish test photos without their classes
        without = f"The {TEST} split has no labels and is not read."
        return replace(unnumbered, notes=(*unnumbered.notes, without))
    return unnumbered


def _from_tables(
    name: str,
    tables: Mapping[str, Any],
    files: Mapping[str, list[str]],
    root: Path | None,
    notes: Sequence[str],
) -> _Unnumbered:
    """`tables`: a `datasets.Dataset` by split, read from `files`."""
    photos = {split: photos_of(table, split, files.get(split, []), root) for split, table in tables.items()}
    labels: dict[str, list[Any]] = {}
    declared: tuple[str, ...] | None = None
    for split, table in tables.items():
        labels[split], names = labels_of(table, split, files.get(split, []))
        if split == TRAIN or declared is None:
            declared = names
    columns = sorted({column for table in tables.values() for column in unread_columns(table)})
    return _Unnumbered(name, photos, labels, declared, root, (*notes, *_unread("column", columns)))


def _unread(kind: str, names: Sequence[str]) -> list[str]:
    """A note of the splits or columns that are not read."""
    if not names:
        return []
    return [f"{counted(len(names), f'{kind} is', f'{kind}s are')} not read: {listed(names)}."]


def _hub_name(data: Data) -> str | None:
    text = str(data)
    if isinstance(data, str) and text.startswith("hf://"):
        return text.removeprefix("hf://").removeprefix("datasets/").strip("/")
    is_name = isinstance(data, str) and HUB_NAME.fullmatch(text) and Path(text).suffix not in FORMATS
    return text if is_name and not Path(text).exists() else None


def _validation_split(given: Dataset, dataset: Dataset, data: Data) -> Split:
    """The validation split for `dataset` from `given`, opened at `data`; raises `FormatError`."""
    ours, theirs = dataset.labels.names, given.labels.names
    for index in range(max(len(ours), len(theirs))):
        mine, other = (repr(n[index]) if index < len(n) else "missing" for n in (ours, theirs))
        if mine != other:
            raise FormatError(
                f"Class {index} is {other} in {data} and {mine} in the training data; "
                f"give {VALIDATION} data with the same class names."
            )
    if VALIDATION not in given.splits and len(given.splits) > 1:
        raise FormatError(
            f"{data} has the splits {', '.join(given.splits)} but no {VALIDATION}; give data that has, or "
            "has one."
        )
    return given.splits.get(VALIDATION) or next(iter(given.splits.values()))
