"""Photos that are files of their own: in a folder for each class, or at any paths."""

import os
from collections.abc import Sequence
from pathlib import Path

from ..errors import ImageError
from ..system.regular import open_regular
from .data_files import DataFiles


class PhotoFiles:
    """Photos by path; fingerprints take the paths relative to the folder `root`. Implements `Photos`."""

    def __init__(self, paths: Sequence[str], root: Path) -> None:
        self._paths = paths
        self._root = root

    def name(self, row: int) -> str:
        return self._paths[row]

    def encoded(self, row: int) -> bytes:
        return read_file(self._paths[row])

    def stamp(self, row: int) -> bytes | None:
        return file_stamp(self._paths[row], self._root)


def class_folders(
    data_files: DataFiles,
) -> tuple[dict[str, PhotoFiles], dict[str, list[int]], tuple[str, ...]]:
    """By split the photos and the class of each, and the classes' names: those of the folders, sorted."""
    folders = {
        split: [os.path.basename(os.path.dirname(file)) for file in files]
        for split, files in data_files.files.items()
    }
    names = sorted({name for within in folders.values() for name in within})
    index = {name: number for number, name in enumerate(names)}
    photos = {split: PhotoFiles(files, data_files.root) for split, files in data_files.files.items()}
    return photos, {split: [index[n] for n in within] for split, within in folders.items()}, tuple(names)


def read_file(path: str) -> bytes:
    """The bytes of a photo's file; raises `ImageError` if they cannot be read."""
    try:
        with open_regular(path) as file:
            return file.read()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ImageError(f"{path} cannot be read ({reason}); give an image file.") from error


def file_stamp(path: str, root: Path | None) -> bytes:
    """The path of a photo's file, its size and modification time (ns), which change when the photo does.

    The path is relative to `root`, so that moving the whole folder changes nothing. The path alone is
    returned for a file that cannot be read.
    """
    within = path.removeprefix(f"{root}{os.sep}").encode("utf-8", "surrogateescape")
    try:
        status = os.stat(path)
    except (OSError, ValueError):
        return within
    return within + f"\0{status.st_size}\0{status.st_mtime_ns}".encode()
