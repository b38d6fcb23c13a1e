"""Which kind of data lies at a path, and which files make up which split. Standard library only."""

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ..errors import FormatError, HandleError
from ..images.find import EXTENSIONS

Kind = Literal["folders", "parquet", "csv", "webdataset"]
ACCEPTED = (
    "a folder with one folder of photos per class, Parquet files or tar shards named <split>-*, "
    "one .parquet, .csv or .tar file, or a hub name such as owner/name"
)
SUFFIXES: dict[str, Kind] = {".parquet": "parquet", ".tar": "webdataset", ".csv": "csv"}
SPLITS = {
    "train": "train",
    "training": "train",
    "validation": "validation",
    "valid": "validation",
    "val": "validation",
    "dev": "validation",
    "test": "test",
    "testing": "test",
}


@dataclass(frozen=True)
class Found:
    """`files`: absolute paths by split, sorted. `path`: of all of it, absolute."""

    kind: Kind
    files: dict[str, list[str]]
    path: Path

    @property
    def root(self) -> Path:
        """The folder that relative paths start from and names of classes lie in."""
        return self.path.parent if self.path.is_file() else self.path


def find(data: Path) -> Found:
    """What lies at `data`.

    Raises `HandleError` if that is nothing or nothing of use, `FormatError` for photos nested too deep.
    """
    path = Path(os.path.abspath(data))
    if path.is_file():
        kind = SUFFIXES.get(path.suffix.lower())
        if kind is None:
            raise HandleError(f"{data} is no data set; give {ACCEPTED}.")
        return Found(kind, {"train": [str(path)]}, path)
    if not path.is_dir():
        raise HandleError(f"{data} does not exist; give {ACCEPTED}.")
    try:
        found = _shards(path) or _class_folders(path)
    except OSError as error:
        raise HandleError(f"{data} cannot be read ({error.strerror}); check its permissions.") from error
    if found is None:
        raise HandleError(f"{data} holds no images that can be used; give {ACCEPTED}.")
    return found


def _shards(folder: Path) -> Found | None:
    for suffix in (".parquet", ".tar"):
        files = [entry.path for entry in _visible(folder) if entry.name.lower().endswith(suffix)]
        if not files:
            continue
        splits: dict[str, list[str]] = {}
        for file in files:
            word = re.split(r"[^A-Za-z]", os.path.basename(file))[0].lower()
            if word in SPLITS:
                splits.setdefault(SPLITS[word], []).append(file)
        return Found(SUFFIXES[suffix], _with_train(splits, folder) if splits else {"train": files}, folder)
    return None


def _class_folders(folder: Path) -> Found | None:
    splits: dict[str, list[str]] = {}
    for entry in _visible(folder):
        # A folder of photos is a class, even if it is called "train" and shows locomotives.
        if entry.is_dir() and entry.name.lower() in SPLITS and not _photos(entry.path):
            if photos := _photos_by_class(Path(entry.path)):
                splits.setdefault(SPLITS[entry.name.lower()], []).extend(photos)
    if splits:
        return Found("folders", _with_train(splits, folder), folder)
    photos = _photos_by_class(folder)
    return Found("folders", {"train": photos}, folder) if photos else None


def _with_train(splits: dict[str, list[str]], folder: Path) -> dict[str, list[str]]:
    if "train" not in splits:
        raise FormatError(
            f"{folder} has a {' and a '.join(sorted(splits))} split but no train split; add one, or give "
            "the folder of that split alone."
        )
    return splits


def _photos_by_class(folder: Path) -> list[str]:
    photos: list[str] = []
    for entry in _visible(folder):
        if entry.is_dir():
            photos += _photos(entry.path)
            for inner in _visible(entry.path):
                if inner.is_dir() and _photos(inner.path):
                    raise FormatError(
                        f"{inner.path} holds photos inside the folder of a class; put them directly into "
                        f"{entry.path}, or give a folder with one folder per class."
                    )
    return photos


def _photos(folder: str) -> list[str]:
    found = [entry for entry in _visible(folder) if entry.name.lower().endswith(EXTENSIONS)]
    return [entry.path for entry in found if not entry.is_dir()]


def _visible(folder: str | Path) -> list[os.DirEntry[str]]:
    with os.scandir(folder) as entries:
        return sorted((e for e in entries if not e.name.startswith(".")), key=lambda entry: entry.name)
