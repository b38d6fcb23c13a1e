"""The files of a data set at a path: their format, and which of them make up which split.

Standard library only.
"""

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ..errors import FormatError, HandleError
from ..images.find import EXTENSIONS

DataFormat = Literal["folders", "parquet", "csv", "webdataset"]
ACCEPTED = (
    "a folder with one folder of photos per class, Parquet files or tar shards named <split>-*, "
    "one .parquet, .csv or .tar file, or a hub name such as owner/name"
)
FORMATS: dict[str, DataFormat] = {".parquet": "parquet", ".tar": "webdataset", ".csv": "csv"}  # by suffix
TRAIN, VALIDATION, TEST = "train", "validation", "test"
SPLITS = {
    "train": TRAIN,
    "training": TRAIN,
    "validation": VALIDATION,
    "valid": VALIDATION,
    "val": VALIDATION,
    "dev": VALIDATION,
    "test": TEST,
    "testing": TEST,
}


@dataclass(frozen=True)
class DataFiles:
    """The files of a data set: absolute paths by split, sorted. `path`: the file or folder, absolute."""

    format: DataFormat
    files: dict[str, list[str]]
    path: Path

    @property
    def root(self) -> Path:
        """The folder that relative paths start from and that files with class names lie in."""
        return self.path.parent if self.path.is_file() else self.path


def find_data_files(data: Path) -> DataFiles:
    """The data set at `data`, a file or a folder.

    Raises `HandleError` if there is no data set, `FormatError` for photos nested too deep.
    """
    path = Path(os.path.abspath(data))
    if path.is_file():
        format = FORMATS.get(path.suffix.lower())
        if format is None:
            raise HandleError(f"{data} is no data set; give {ACCEPTED}.")
        if not path.stat().st_size:  # files in /proc say so too, and some would have a reader wait for ever
            raise HandleError(f"{data} is empty; give {ACCEPTED}.")
        return DataFiles(format, {TRAIN: [str(path)]}, path)
    if not path.is_dir():
        raise HandleError(f"{data} does not exist; give {ACCEPTED}.")
    try:
        data_files = _shards(path) or _class_folders(path)
    except OSError as error:
        raise HandleError(f"{data} cannot be read ({error.strerror}); check its permissions.") from error
    if data_files is None:
        raise HandleError(f"{data} holds no images that can be used; give {ACCEPTED}.")
    return data_files


def _shards(folder: Path) -> DataFiles | None:
    for suffix in (".parquet", ".tar"):
        files = [entry.path for entry in _visible(folder) if entry.name.lower().endswith(suffix)]
        if not files:
            continue
        splits: dict[str, list[str]] = {}
        for file in files:
            word = re.split(r"[^A-Za-z]", os.path.basename(file))[0].lower()
            if word in SPLITS:
                splits.setdefault(SPLITS[word], []).append(file)
        return DataFiles(FORMATS[suffix], splits or {TRAIN: files}, folder)
    return None


def _class_folders(folder: Path) -> DataFiles | None:
    splits: dict[str, list[str]] = {}
    for entry in _visible(folder):
        # A folder of photos is a class, even if it is called "train" and shows locomotives.
        if entry.is_dir() and entry.name.lower() in SPLITS and not _photos(entry.path):
            if photos := _photos_by_class(Path(entry.path)):
                splits.setdefault(SPLITS[entry.name.lower()], []).extend(photos)
    if splits:
        return DataFiles("folders", splits, folder)
    photos = _photos_by_class(folder)
    return DataFiles("folders", {TRAIN: photos}, folder) if photos else None


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
    entries = [entry for entry in _visible(folder) if entry.name.lower().endswith(EXTENSIONS)]
    return [entry.path for entry in entries if not entry.is_dir()]


def _visible(folder: str | Path) -> list[os.DirEntry[str]]:
    with os.scandir(folder) as entries:
        return sorted((e for e in entries if not e.name.startswith(".")), key=lambda entry: entry.name)
