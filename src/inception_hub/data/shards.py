"""Labelled photos in tar files as WebDataset writes them, read where they lie. Standard library only."""

import json
import os
import re
import tarfile
from collections.abc import Iterator
from typing import Any, NamedTuple

from ..errors import FormatError, ImageError
from ..images.find import EXTENSIONS
from ..system.regular import open_regular
from ..system.text import printable
from .columns import LABELS
from .data_files import ACCEPTED, DataFiles
from .labelled import Labelled
from .splits import TRAIN, split_of_file, split_of_folder

MAX_LABEL = 1 << 20  # bytes of a label's file
TEXTS = ("cls", "label", "class", "txt", "text")  # files with a label, the surest first
RECORDS = ("json", "jsn")
KEY = re.compile(r"((?:.*/)?[^/.]+)\.([^/]+)", re.DOTALL)  # a name up to its first dot, and its ending


class Place(NamedTuple):
    """Where a photo lies in a tar file; the file alone where there is none."""

    file: str
    name: str
    start: int = 0
    length: int = -1


class ShardPhotos:
    """Photos within tar files. Implements `Photos`."""

    def __init__(self, places: list[Place]) -> None:
        self._places = places

    def name(self, row: int) -> str:
        place = self._places[row]
        return f"{os.path.basename(place.file)}#{place.name}"

    def within(self, row: int) -> str:
        return self.name(row)

    def encoded(self, row: int) -> bytes:
        place = self._places[row]
        if place.length < 0:
            raise ImageError(f"{self.name(row)} has no image; give one a row.")
        try:
            with open_regular(place.file) as file:
                file.seek(place.start)
                return file.read(place.length)
        except OSError as error:
            raise ImageError(
                f"{place.file} cannot be read ({error.strerror}); give the data again."
            ) from error

    def stamp(self, row: int) -> bytes | None:
        return None


def shard_photos(data_files: DataFiles) -> Labelled:
    """The photos of tar files with their labels; raises `FormatError` for files that cannot be read."""
    places: list[Place] = []
    labels: list[Any] = []
    splits: list[str] = []
    for file in data_files.files:
        folder = os.path.basename(os.path.dirname(os.path.relpath(file, data_files.path)))
        split = split_of_file(os.path.splitext(os.path.basename(file))[0]) or split_of_folder(folder)
        before = len(places)
        try:
            for place, label in _photos(file):
                places.append(place)
                labels.append(label)
        except (tarfile.TarError, OSError, EOFError, ValueError) as error:
            if isinstance(error, FormatError):
                raise
            raise FormatError(f"{file} cannot be read ({printable(str(error))}); give {ACCEPTED}.") from error
        if before == len(places):
            raise FormatError(f"{file} holds no photos with labels; give {ACCEPTED}.")
        splits += [split or ""] * (len(places) - before)
    named = any(splits)
    return Labelled(
        ShardPhotos(places), labels, [split or ("others" if named else TRAIN) for split in splits]
    )


def _photos(file: str) -> Iterator[tuple[Place, Any]]:
    """Each photo and its label: files of one name up to its first dot, which follow on each other."""
    key, photo, label = None, None, None
    with open_regular(file) as raw, tarfile.open(fileobj=raw, mode="r:") as archive:
        for member in archive:
            archive.members = []  # type: ignore[attr-defined] - a million of them take a gigabyte
            match = KEY.fullmatch(member.name)
            if not member.isreg() or member.issparse() or not match:
                continue
            if match[1] != key:
                if key is not None:
                    yield photo or Place(file, key), label and label[1]
                key, photo, label = match[1], None, None
            ending = match[2].lower().rpartition(".")[2]
            if f".{ending}" in EXTENSIONS:
                photo = photo or Place(file, member.name, member.offset_data, member.size)
            elif ending in (*TEXTS, *RECORDS) and member.size <= MAX_LABEL:
                order = (*TEXTS, *RECORDS).index(ending)
                if label is None or order < label[0]:
                    content = archive.extractfile(member)
                    label = (
                        order,
                        _label(content.read() if content else b"", ending, f"{file}#{member.name}"),
                    )
        if key is not None:
            yield photo or Place(file, key), label and label[1]


def _label(content: bytes, ending: str, name: str) -> Any:
    text = content.decode("utf-8-sig", "surrogateescape").strip()
    if ending not in RECORDS:
        return text
    try:
        record = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise FormatError(
            f"{printable(name)} is no JSON ({printable(str(error)[:100])}); mend it."
        ) from error
    if not isinstance(record, dict):
        return None
    return next((record[name] for name in LABELS if name in record), None)
