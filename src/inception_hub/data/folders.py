"""Photos that are files of their own: in a folder for each class, or at any paths."""

import os
from collections.abc import Sequence
from pathlib import Path

from ..errors import FormatError, ImageError
from ..labels import Labels
from ..system.regular import open_regular
from .classes import LABELS
from .data_files import DataFiles
from .labelled import Labelled
from .splits import TRAIN, split_of_folder, splits_of_paths


class PhotoFiles:
    """Photos by path; fingerprints take the paths relative to the folder `root`. Implements `Photos`."""

    def __init__(self, paths: Sequence[str], root: Path) -> None:
        self._paths = paths
        self._root = root

    def name(self, row: int) -> str:
        return self._paths[row]

    def within(self, row: int) -> str:
        return within(self._paths[row], self._root)

    def encoded(self, row: int) -> bytes:
        return read_file(self._paths[row])

    def stamp(self, row: int) -> bytes | None:
        return file_stamp(self._paths[row], self._root)


def class_folders(data_files: DataFiles) -> Labelled:
    """Photos of the class that a folder above them is named after, and of the split that another is.

    The first folder that is no split's is the class, however deep the photos lie in it; but folders that hold
    all photos, as archives have them around their content, are passed over. Raises `FormatError` for photos
    whose class would be the name of a split, unless `labels.txt` in the data's folder lists it, and for a
    folder of no split beside those of splits.
    """
    root = data_files.path
    told = _listed(root)
    folders = [os.path.dirname(file) for file in data_files.files]
    paths = [tuple(os.path.relpath(folder, root).split(os.sep)) for folder in folders]
    named = splits_of_paths(paths, told)
    splits = [each and each[0] for each in named]
    # Archives often hold a folder within one of the same name.
    classes = [[name for name in path if each is None or name != each[1]]
               for path, each in zip(paths, named, strict=True)]  # fmt: skip
    while len({tuple(names[:1]) for names in classes}) == 1 and min(map(len, classes)) > 1:
        classes = [names[1:] for names in classes]
    for folder, names in zip(folders, classes, strict=True):
        if not names or (names[0] not in told and split_of_folder(names[0])):
            raise FormatError(
                f"{folder} holds photos directly, and its name is that of a split: put them into a folder "
                "for each class in it, write metadata.csv, or, if it is a class, list all classes in "
                f"{root / LABELS}."
            )
    for folder, split in zip(folders, splits, strict=True):
        if split is None and any(splits):
            others = ", ".join(sorted(set(filter(None, splits))))
            raise FormatError(
                f"{folder} belongs to no split, and others do ({others}): move it into the folder of one, or "
                "give the folder of a split alone."
            )
    labels = [names[0] for names in classes]
    photos = PhotoFiles(data_files.files, root)
    return Labelled(photos, labels, [split or TRAIN for split in splits], are_names=True)


def _listed(root: Path) -> set[str]:
    """The classes that the data's own list names."""
    return set(Labels.read(root / LABELS)) if (root / LABELS).is_file() else set()


def read_file(path: str) -> bytes:
    """The bytes of a photo's file; raises `ImageError` if they cannot be read."""
    try:
        with open_regular(path) as file:
            return file.read()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ImageError(f"{path} cannot be read ({reason}); give an image file.") from error


def within(path: str, root: Path | None) -> str:
    """The path of a photo's file from the folder `root` on, with slashes."""
    above = "" if root is None else os.path.join(root, "")  # one slash, also where `root` ends in it
    return path.removeprefix(above).replace(os.sep, "/")


def file_stamp(path: str, root: Path | None) -> bytes:
    """The path of a photo's file, its size and modification time (ns), which change when the photo does.

    The path is relative to `root`, so that moving the whole folder changes nothing. The path alone is
    returned for a file that cannot be read.
    """
    name = os.fsencode(within(path, root))
    try:
        status = os.stat(path)
    except (OSError, ValueError):
        return name
    return name + f"\0{status.st_size}\0{status.st_mtime_ns}".encode()
