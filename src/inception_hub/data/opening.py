"""`open_dataset`: data sets from folders, Parquet, CSV, tar shards or the Hugging Face hub."""

import os
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np

from ..errors import FormatError, HandleError
from ..system.text import counted, first_few
from .arrow import saved_photos, table_photos
from .classes import NONE, classes_by_name, number_classes
from .data_files import ACCEPTED, find_data_files
from .dataset import Dataset, Split
from .folders import class_folders
from .huggingface import hub_name, load_hub
from .labelled import Labelled
from .left_out import left_out
from .listed import listed
from .parquet import parquet_photos
from .shards import shard_photos
from .splits import TEST, TRAIN, VALIDATION

READERS = {
    "folders": class_folders,
    "metadata": listed,
    "table": listed,
    "parquet": parquet_photos,
    "arrow": saved_photos,
    "webdataset": shard_photos,
}
# By format, why photos below the folder may not be read.
LEFT_OUT = {"folders": "in no class's folder", "metadata": "in no table of metadata"}
UNKNOWN = {None, "", "?", -1, NONE}  # labels of photos whose classes competitions keep to themselves
Data = str | Path


def open_dataset(data: Data, validation: Data | None = None, *, to_train: bool = True) -> Dataset:
    """The photos of `data`, undecoded, with their classes, by splits.

    `data`: a folder with one folder per class (or such folders under train, validation and test), a folder
    with Hugging Face's `metadata.csv`, `.jsonl` or `.parquet`, a folder of Parquet files or tar shards
    (WebDataset) named `<split>-*`, with `labels.txt` and `wnids.txt` beside them if there are names and
    WordNet ids, what `save_to_disk` wrote, one such file, tar shards such as `train-{0000..0009}.tar`, a CSV
    file or JSON lines with the columns `path` (relative to the file's folder), `label` and perhaps `split`,
    or the name of a data set on the Hugging Face hub, `owner/name`, `owner/name:configuration` or
    `hf://owner/name`. Data without splits is all "train"; "val", "valid" and the like are "validation".

    `validation`: data of the same kinds whose photos become the validation split, in place of that of `data`;
    its classes are told by their names, and need not be all. `to_train`: whether the data must have a
    training split, of two classes or more; what is measured may have any.

    Raises `HandleError` for a path without a data set, `FormatError` for data that cannot be read or trained
    on, or whose class names differ, `DownloadError` for a hub name that cannot be had,
    `MissingExtraError` without pyarrow for Parquet and without Hugging Face `datasets` for the hub.
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
            f"{data} has a {' and a '.join(dataset.splits)} split but no train split; add one, or give the "
            "folder of that split alone."
        )
    used = np.unique(dataset.splits[TRAIN].classes)
    if len(used) < 2:
        raise FormatError(
            f"{data} has one class only ({dataset.labels[used[0]]!r}); fine-tuning needs two or more: "
            "add another."
        )
    return dataset


def _open(data: Data) -> Dataset:
    if not os.fspath(data):  # else the current folder: an unset variable of a script would mean it
        raise HandleError(f"The data's path is empty; give {ACCEPTED}, or '.' for the current folder.")
    hub = hub_name(data)
    labelled, name, root, notes = _from_path(Path(data)) if hub is None else _from_hub(hub)
    notes += _unread(labelled)
    rows = {split: [row for row, each in enumerate(labelled.splits) if each == split]
            for split in (TRAIN, VALIDATION, TEST)}  # fmt: skip
    labels = {split: [labelled.labels[row] for row in some] for split, some in rows.items() if some}
    if all(isinstance(label, str | int | None) and label in UNKNOWN for label in labels.get(TEST, ())):
        if labels.pop(TEST, None):
            notes.append(f"The {TEST} split has no labels and is not read.")
    if not labels:
        raise FormatError(f"{data} holds no images with labels; give {ACCEPTED}.")
    names, classes = number_classes(labels, labelled.names, root, str(data), are_names=labelled.are_names)
    splits = {
        split: Split(values, labelled.photos, np.array(rows[split], np.int64))
        for split, values in classes.items()
    }
    return Dataset(name, names, splits, tuple(notes))


def _from_path(path: Path) -> tuple[Labelled, str, Path, list[str]]:
    data_files = find_data_files(path)
    labelled = READERS[data_files.format](data_files)
    notes = []
    if unless := LEFT_OUT.get(data_files.format):
        photos = map(labelled.photos.name, range(len(labelled.labels)))
        notes = left_out(data_files.root, photos, unless)
    return labelled, path.absolute().resolve().name, data_files.root, notes


def _from_hub(name: str) -> tuple[Labelled, str, None, list[str]]:
    tables = {split: dataset.data.table for split, dataset in load_hub(name).items()}
    return table_photos(tables, name, None), name.split("/")[-1].partition(":")[0], None, []


def _unread(labelled: Labelled) -> list[str]:
    """What tables hold and is not read: columns, and photos of other splits."""
    notes = []
    if columns := labelled.unread:
        notes.append(f"{counted(len(columns), 'column is', 'columns are')} not read: {first_few(columns)}.")
    others = Counter(split for split in labelled.splits if split not in (TRAIN, VALIDATION, TEST))
    if photos := others.total():
        names = first_few(list(others))
        left = counted(photos, "photo is", "photos are")
        notes.append(f"{left} not read, in splits of other names: {names}.")
    return notes


def _validation_split(given: Dataset, dataset: Dataset, data: Data) -> Split:
    """The validation split for `dataset` from `given`, opened at `data`; raises `FormatError`."""
    if VALIDATION not in given.splits and len(given.splits) > 1:
        raise FormatError(
            f"{data} has the splits {', '.join(given.splits)} but no {VALIDATION}; give data that has, or "
            "has one."
        )
    split = given.splits.get(VALIDATION) or next(iter(given.splits.values()))
    numbers = classes_by_name(given.labels, dataset.labels, str(data))
    return replace(split, classes=numbers[split.classes])
