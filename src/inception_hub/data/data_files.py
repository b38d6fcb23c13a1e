"""What there is at a path that a data set may be: one look at all files, and the kind of data they are.

Standard library only.
"""

import os
import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Literal

from ..errors import FormatError, HandleError
from ..images.find import EXTENSIONS
from ..images.folders import files_below
from ..system.regular import POINTER, open_regular
from .splits import split_of_file

DataFormat = Literal["folders", "metadata", "table", "parquet", "arrow", "webdataset"]
ACCEPTED = (
    "a folder with one folder of photos per class, Parquet files or tar shards named <split>-*, a folder "
    "with metadata.csv or .jsonl, one .parquet, .csv, .jsonl or .tar file, or a hub name such as owner/name"
)
FORMATS: dict[str, DataFormat] = {
    ".parquet": "parquet",
    ".tar": "webdataset",
    ".csv": "table",
    ".tsv": "table",
    ".jsonl": "table",
    ".ndjson": "table",
}
# Hugging Face's, beside or above the photos.
METADATA = ("metadata.csv", "metadata.jsonl", "metadata.parquet")
SAVED = ("dataset_dict.json", "state.json")  # by Hugging Face's `save_to_disk`: of splits, and of one
MOST_SHARDS = 100_000  # that one path with braces may stand for
RANGE = re.compile(r"\{(\d+)\.\.(\d+)\}")


@dataclass(frozen=True)
class DataFiles:
    """The files of a data set: absolute paths, sorted. `path`: the file or folder, absolute."""

    format: DataFormat
    files: list[str]
    path: Path

    @property
    def root(self) -> Path:
        """The folder that relative paths start from and that files with class names lie in."""
        return self.path if self.path.is_dir() else self.path.parent


def find_data_files(data: Path) -> DataFiles:
    """The data set at `data`, a file, a folder, or tar shards such as `train-{0000..0009}.tar`.

    Raises `HandleError` if there is no data set, `FormatError` for a folder of several, or of files that Git
    LFS has not fetched.
    """
    data_files = _find(data)
    for file in data_files.files[:1] if data_files.format != "folders" else ():
        with suppress(OSError), open_regular(file) as opened:  # the reader says what is wrong with it
            if opened.read(len(POINTER)) == POINTER:
                raise FormatError(
                    f"{file} is a pointer of Git LFS, not the file itself; fetch that (git lfs pull)."
                )
    return data_files


def _find(data: Path) -> DataFiles:
    path = Path(os.path.abspath(data))
    if path.is_file():
        format = FORMATS.get(path.suffix.lower())
        if format is None:
            raise HandleError(f"{data} is no data set; give {ACCEPTED}.")
        if not path.stat().st_size:  # files in /proc say so too, and some would have a reader wait for ever
            raise HandleError(f"{data} is empty; give {ACCEPTED}.")
        return DataFiles("metadata" if path.name in METADATA else format, [str(path)], path)
    if not path.is_dir():
        shards = _with_braces(path)
        if shards and all(map(os.path.isfile, shards)):
            return DataFiles("webdataset", shards, path)
        missing = next((shard for shard in shards if not os.path.isfile(shard)), data)
        what = "is no regular file" if os.path.exists(missing) else "does not exist"
        raise HandleError(f"{missing} {what}; give {ACCEPTED}.")
    try:
        data_files = _in_folder(path)
    except HandleError:  # of links that lead round; it is an `OSError`, too
        raise
    except OSError as error:
        place = error.filename or data
        raise HandleError(f"{place} cannot be read ({error.strerror}); check its permissions.") from error
    if data_files is None:
        if _ending(os.listdir(path), *EXTENSIONS):
            raise HandleError(
                f"{data} holds photos, but none in a folder that names its class; give {ACCEPTED}."
            )
        raise HandleError(f"{data} holds no images that can be used; give {ACCEPTED}.")
    return data_files


def _in_folder(folder: Path) -> DataFiles | None:
    if any((folder / name).is_file() for name in SAVED):
        return DataFiles("arrow", [], folder)
    files = list(files_below(str(folder)))
    above = {file: None for file in files if os.path.dirname(file) == str(folder)}
    data = [file for file in files if os.path.dirname(file) == os.path.join(folder, "data")]
    # What lies directly in the folder says what it is; a folder of photos may hold anything deeper.
    return (
        _chosen(folder, "metadata", [file for file in files if os.path.basename(file) in METADATA])
        or _shards(folder, above)
        # A repository of the Hugging Face hub, which may hold pictures for its page.
        or (_shards(folder, data) if any(split_of_file(Path(file).stem) for file in data) else None)
        or _chosen(folder, "folders", [file for file in _ending(files, *EXTENSIONS) if file not in above])
        or _shards(folder, files)
    )


def _chosen(folder: Path, format: DataFormat, files: list[str]) -> DataFiles | None:
    return DataFiles(format, files, folder) if files else None


def _shards(folder: Path, files: Iterable[str]) -> DataFiles | None:
    for suffix in (".parquet", ".tar"):
        if shards := _ending(files, suffix):
            return DataFiles(FORMATS[suffix], shards, folder)
    return None


def _ending(files: Iterable[str], *suffixes: str) -> list[str]:
    return [file for file in files if file.lower().endswith(suffixes)]


def _with_braces(path: Path) -> list[str]:
    """The paths that `train-{000..127}.tar` or `{a,b}.tar` stands for; [] for others."""
    text = str(path)
    if not text.lower().endswith(".tar"):
        return []
    parts = re.split(r"(\{[^{}]*\})", text)
    choices, count = [], 1
    for part in parts:
        if match := RANGE.fullmatch(part):
            first, last = int(match[1]), int(match[2])
            count *= max(0, last - first + 1)
            if count > MOST_SHARDS:
                raise FormatError(f"{path} stands for more than {MOST_SHARDS:,} files; give fewer.")
            choices.append([f"{number:0{len(match[1])}}" for number in range(first, last + 1)])
        else:
            choices.append(part[1:-1].split(",") if part[:1] == "{" and "," in part else [part])
    return ["".join(chosen) for chosen in product(*choices)] if len(parts) > 1 else []
