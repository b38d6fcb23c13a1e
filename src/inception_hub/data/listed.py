"""Photos that tables of text list: CSV, JSON lines, and Hugging Face's metadata files beside photos."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..errors import FormatError
from ..images.find import EXTENSIONS
from ..images.folders import files_below
from .classes import composed
from .columns import choose
from .data_files import DataFiles
from .folders import file_stamp, read_file, within
from .labelled import Labelled
from .splits import TRAIN, split_called, splits_of_paths
from .text_tables import Table, read_table


class ListedPhotos:
    """Photos by the paths that a table names, each from its folder on. Implements `Photos`.

    A path that leads nowhere is looked for below the folder: another folder above it, another system's
    slashes or accents, no ending. One that fits several photos stays one that leads nowhere.
    """

    def __init__(self, given: Sequence[tuple[str, str]], root: Path) -> None:
        """`given`: of each photo the folder and the path."""
        self._given = given
        self._root = root
        self._found: dict[int, str] = {}
        self._below: dict[str, dict[str, list[str]]] = {}  # by folder and the last part of paths, the paths

    def name(self, row: int) -> str:
        if row not in self._found:
            folder, path = self._given[row]
            direct = os.path.join(folder, path)
            self._found[row] = direct if _exists(direct) else self._search(folder, path) or direct
        return self._found[row]

    def within(self, row: int) -> str:
        return within(self.name(row), self._root)

    def encoded(self, row: int) -> bytes:
        return read_file(self.name(row))

    def stamp(self, row: int) -> bytes | None:
        return file_stamp(self.name(row), self._root)

    def _search(self, folder: str, path: str) -> str | None:
        wanted = _parts(path)
        if not wanted:
            return None
        if folder not in self._below:
            self._below[folder] = _photos_below(folder)
        known = self._below[folder].get(wanted[-1], ())
        fitting = [photo for photo in known if _parts(photo)[-len(wanted) : -1] == wanted[:-1]]
        return fitting[0] if len(fitting) == 1 else None


def listed(data_files: DataFiles) -> Labelled:
    """The photos of a table, or of all metadata files in a folder, with their labels and splits.

    A column of splits counts; else in a folder the name of a folder above the photo. Raises `FormatError` for
    a table without photos or labels, and for splits of other names.
    """
    given: list[tuple[str, str]] = []
    labels: list[Any] = []
    splits: list[str | None] = []
    folders: list[tuple[str, ...]] = []  # above each photo, as far as they may tell its split
    unread: dict[str, None] = {}
    for file in data_files.files:
        table = _read(file)
        columns = choose(table, file)
        unread |= dict.fromkeys(columns.unread)
        folder = os.path.dirname(file)
        for row, (path, label) in enumerate(zip(table[columns.image], table[columns.label], strict=True)):
            if not isinstance(path, str) or not path or "\0" in path:
                raise FormatError(
                    f"The path of photo {row} of {file} is {path!r:.80} in column {columns.image!r:.80}; "
                    "give each one."
                )
            given.append((folder, path))
            labels.append(label)
            above = os.path.dirname(os.path.relpath(os.path.join(folder, path), data_files.root))
            folders.append(() if columns.split else tuple(_parts(above)))
            photo = f"photo {row} of {file}"
            splits.append(_split(table[columns.split][row], photo, columns.split) if columns.split else None)
    by_folder = [each and each[0] for each in splits_of_paths(folders)]
    if data_files.format == "table" and len(set(by_folder)) == 1:
        by_folder = [None] * len(splits)  # a table is not of one split for where its photos lie
    named = [split or other or TRAIN for split, other in zip(splits, by_folder, strict=True)]
    return Labelled(ListedPhotos(given, data_files.root), labels, named, unread=tuple(unread))


def _read(file: str) -> Table:
    if not file.lower().endswith(".parquet"):
        return read_table(file)
    from .parquet import read_columns

    return read_columns(file)


def _split(given: Any, photo: str, column: str) -> str:
    split = split_called(given) if isinstance(given, str) else None
    if split is None:
        raise FormatError(
            f"The split of {photo} is {given!r:.80} in column {column!r:.80}; give train, validation or "
            "test, or give the column another name."
        )
    return split


def _photos_below(folder: str) -> dict[str, list[str]]:
    """Photos by their names, with an ending and without."""
    paths: dict[str, list[str]] = {}
    try:
        for path in files_below(folder):
            if path.lower().endswith(EXTENSIONS):
                name = _parts(path)[-1]
                for known in (name, os.path.splitext(name)[0]):
                    paths.setdefault(known, []).append(path)
    except OSError:
        pass  # the photo that is looked for is not there
    return paths


def _parts(path: str) -> list[str]:
    """Of a path of any system, in any case, with accents composed."""
    plain = composed(path).casefold().replace("\\", "/")
    return [part for part in plain.split("/") if part not in ("", ".")]


def _exists(path: str) -> bool:
    try:
        return os.path.exists(path)
    except ValueError:  # a zero in it
        return False
