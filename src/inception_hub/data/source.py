"""Data sets from folders, Parquet, CSV, tar shards or the Hugging Face hub, by one function."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import FormatError
from .classes import number
from .columns import labels_of, photos_of
from .folders import class_folders
from .huggingface import load_hub, load_local
from .kinds import ACCEPTED, SPLITS, SUFFIXES, find
from .photos import Dataset, Photos, Split

HUB_NAME = re.compile(r"[A-Za-z0-9][\w.-]*/[\w.-]+")
Data = str | Path


@dataclass(frozen=True)
class _Loaded:
    """By split the photos and the label of each; `declared`: what the data itself calls its classes."""

    name: str
    photos: Mapping[str, Photos]
    labels: dict[str, list[Any]]
    declared: tuple[str, ...] | None
    root: Path | None = None  # the folder that may hold names beside the photos


def open_dataset(
    data: Data, validation: Data | None = None, test: Data | None = None, *, cache_dir: Path | None = None
) -> Dataset:
    """The photos of `data`, undecoded, with their classes, by splits.

    `data`: a folder with one folder per class (or such folders under train, validation and test), a folder
    of Parquet files or tar shards (WebDataset) named `<split>-*`, with `labels.txt` and `wnids.txt` beside
    them if there are names and WordNet ids, one such file, a CSV file with the columns `path` (from where
    the file is) and `label`, or the name of a data set on the Hugging Face hub, `owner/name` or
    `hf://owner/name`. What is not divided is all "train"; "val", "valid" and the like are "validation".

    `validation`, `test`: data of the same kinds and the same class names whose photos become that split,
    in place of `data`'s own. `cache_dir`: where Hugging Face keeps its Arrow copies, by default `datasets` in
    the cache of this package; copies of an earlier state of the same data are never used and are removed.

    Raises `HandleError` for a path with nothing of use, `FormatError` for data that cannot be read, has one
    class only, or class names that differ, `DownloadError` for a hub name that cannot be had,
    `OutputError` if the cache cannot be written, `MissingExtraError` without Hugging Face `datasets` for
    anything but folders.
    """
    dataset = _open(data, cache_dir)
    for split, other in (("validation", validation), ("test", test)):
        if other is not None:
            part = _only(_open(other, cache_dir), split, dataset, other)
            dataset = replace(dataset, splits={**dataset.splits, split: part})
    used = np.unique(dataset.splits["train"].classes)
    if len(used) < 2:
        raise FormatError(
            f"{data} has one class only ({dataset.labels[used[0]]!r}); fine-tuning needs two or more: "
            "add another."
        )
    return dataset


def _open(data: Data, cache_dir: Path | None) -> Dataset:
    hub = _hub_name(data)
    loaded = _local(Path(data), cache_dir) if hub is None else _from_hub(hub, cache_dir)
    values = {split: labels for split, labels in loaded.labels.items() if labels}
    if "train" not in values:
        raise FormatError(f"{data} holds no images to train on; give {ACCEPTED}.")
    names, classes = number(values, loaded.declared, loaded.root, str(data))
    splits = {s: Split(found, loaded.photos[s], np.arange(len(found))) for s, found in classes.items()}
    return Dataset(loaded.name, names, splits)


def _local(path: Path, cache_dir: Path | None) -> _Loaded:
    found = find(path)
    name = path.absolute().resolve().name
    if found.kind == "folders":
        return _Loaded(name, *class_folders(found), found.root)
    return _from_tables(name, load_local(found, cache_dir), found.files, found.root)


def _from_hub(name: str, cache_dir: Path | None) -> _Loaded:
    tables = {SPLITS[s.lower()]: t for s, t in load_hub(name, cache_dir).items() if s.lower() in SPLITS}
    loaded = _from_tables(name.split("/")[-1], tables, {}, None)
    if set(loaded.labels.get("test", [0])) <= {-1, None}:
        del loaded.labels["test"]  # how competitions publish photos whose classes they keep to themselves
    return loaded


def _from_tables(
    name: str, tables: Mapping[str, Any], files: Mapping[str, list[str]], root: Path | None
) -> _Loaded:
    """`tables`: a `datasets.Dataset` by split, read from `files`."""
    photos = {split: photos_of(table, split, files.get(split, []), root) for split, table in tables.items()}
    found = {split: labels_of(table, split, files.get(split, [])) for split, table in tables.items()}
    declared = found["train"][1] if "train" in found else None
    return _Loaded(name, photos, {split: labels for split, (labels, _) in found.items()}, declared, root)


def _hub_name(data: Data) -> str | None:
    text = str(data)
    if isinstance(data, str) and text.startswith("hf://"):
        return text.removeprefix("hf://").removeprefix("datasets/").strip("/")
    is_name = isinstance(data, str) and HUB_NAME.fullmatch(text) and Path(text).suffix not in SUFFIXES
    return text if is_name and not Path(text).exists() else None


def _only(given: Dataset, split: str, dataset: Dataset, data: Data) -> Split:
    ours, theirs = dataset.labels.names, given.labels.names
    for index in range(max(len(ours), len(theirs))):
        mine, other = (repr(n[index]) if index < len(n) else "missing" for n in (ours, theirs))
        if mine != other:
            raise FormatError(
                f"Class {index} is {other} in {data} and {mine} in the training data; "
                f"give {split} data with the same class names."
            )
    if split not in given.splits and len(given.splits) > 1:
        raise FormatError(
            f"{data} has the splits {', '.join(given.splits)} but no {split}; give data that has, or has one."
        )
    return given.splits.get(split, given.splits["train"])
