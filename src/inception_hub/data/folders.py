"""Photos that are files: a folder for each class, or paths from elsewhere."""

import os
from collections.abc import Sequence
from pathlib import Path

from ..errors import ImageError
from .kinds import Found


class Files:
    """Photos by path; `root`: the folder that fingerprints take their paths from."""

    def __init__(self, paths: Sequence[str], root: Path) -> None:
        self._paths = paths
        self._root = root

    def name(self, row: int) -> str:
        return self._paths[row]

    def encoded(self, row: int) -> bytes:
        return read_file(self._paths[row])

    def stamp(self, row: int) -> bytes | None:
        return file_stamp(self._paths[row], self._root)


def class_folders(found: Found) -> tuple[dict[str, Files], dict[str, list[int]], tuple[str, ...]]:
    """By split the photos and the class of each, and the classes' names: the folders', sorted."""
    folders = {
        split: [os.path.basename(os.path.dirname(file)) for file in files]
        for split, files in found.files.items()
    }
    names = sorted({name for within in folders.values() for name in within})
    index = {name: number for number, name in enumerate(names)}
    photos = {split: Files(files, found.root) for split, files in found.files.items()}
    return photos, {split: [index[n] for n in within] for split, within in folders.items()}, tuple(names)


def read_file(path: str) -> bytes:
    """The bytes of a photo's file; raises `ImageError` if they cannot be had."""
    try:
        return Path(path).read_bytes()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ImageError(f"{path} cannot be read ({reason}); give an image file.") from error


def file_stamp(path: str, root: Path | None) -> bytes:
    """The path of a photo's file, its size and modification time (ns), as what tells it from another.

    The path is relative to `root`, so that moving the whole folder changes nothing.
    """
    within = path.removeprefix(f"{root}{os.sep}").encode("utf-8", "surrogateescape")
    try:
        status = os.stat(path)
    except (OSError, ValueError):
        return within
    return within + f"\0{status.st_size}\0{status.st_mtime_ns}".encode()
