"""Decoded photos on disk: written batch by batch, resumed after any interruption, never half an image.

The images are in `pixels.npy`. Beside it, `pixels.jsonl` is the record: a line with the request, then a line
with the result of each batch. While they are written, both names end in `.partial`. A batch's line is written
once its pixels are on the disk, so that an interrupted run resumes after the last line.
"""

import errno
import io
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from math import inf
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from ..errors import InceptionHubError, OutputError
from ..images.loading import DECODING
from ..images.presets import Fit
from ..system.atomic import commit_file, flush_directory
from ..system.regular import open_regular

VERSION = 2  # of the layout


@dataclass
class DecodingResult:
    """The result of decoding `done` photos.

    `indices`: of those that could be decoded; `aspect`: width / height of what they show; `corrupt`:
    `name: reason` of each of the others.
    """

    done: int = 0
    indices: list[int] = field(default_factory=list)
    aspect: list[float] = field(default_factory=list)
    corrupt: list[str] = field(default_factory=list)

    def is_next(self, following: "DecodingResult") -> bool:
        """Whether `following` is the result of photos that follow, as its record may say anything."""
        start, indices = self.done, following.indices
        return (
            type(following.done) is int
            and all(type(index) is int for index in indices)
            and all(type(aspect) is float and 0 < aspect < inf for aspect in following.aspect)
            and all(type(reason) is str for reason in following.corrupt)
            and len(following.aspect) == len(indices) == following.done - len(following.corrupt)
            and all(last < index for last, index in zip([start - 1, *indices], indices, strict=False))
            and (not indices or indices[-1] < start + following.done)
        )

    def extend(self, following: "DecodingResult") -> None:
        """Adds the result of the photos that follow."""
        self.done += following.done
        self.indices += following.indices
        self.aspect += following.aspect
        self.corrupt += following.corrupt


class PixelStore:
    """Decoded images of `count` photos in `folder`, uint8 [m, size, size, 3], and their record.

    `fingerprint`: of the photos. A store of other photos, another size, `fit` or count is never read.
    """

    def __init__(self, folder: Path, fingerprint: str, size: int, fit: Fit, count: int) -> None:
        self._folder = folder
        request = {"version": VERSION, "decoding": DECODING, "fingerprint": fingerprint}
        self._request = request | {"size": size, "fit": fit, "count": count}
        self._shape = (size, size, 3)
        self._count = count
        self._pixels, self._record = folder / "pixels.npy", folder / "pixels.jsonl"
        self._new_pixels, self._new_record = folder / "pixels.npy.partial", folder / "pixels.jsonl.partial"
        self._files: tuple[BinaryIO, BinaryIO] | None = None

    def complete(self) -> tuple[NDArray[np.uint8], DecodingResult] | None:
        """The images, mapped from disk, and the result for all photos; None if the store is not complete."""
        result = self._read(self._record)
        if result is None or result.done != self._count:
            return None
        kept = len(result.indices)
        if not kept:
            return np.empty((0, *self._shape), np.uint8), result
        header = self._header(kept)  # compared, not parsed: a damaged one may say anything
        try:
            with open_regular(self._pixels) as file:
                if file.read(len(header)) != header:
                    return None
            # By its path, by which it is mapped once more where it is trained on.
            return np.memmap(self._pixels, np.uint8, "r", len(header), (kept, *self._shape)), result
        except (OSError, ValueError):  # as where it ends too early
            return None

    @contextmanager
    def resume(self) -> Iterator[DecodingResult]:
        """Opens the files for `add`, after the last whole batch of an earlier run; yields the result so far.

        At the end of the block the files take their names. Raises `OutputError`, in the block too, saying how
        many bytes are needed and where.
        """
        with self._as_output_error():
            self._folder.mkdir(parents=True, exist_ok=True)
            result = self._read(self._new_record) or DecodingResult()
            length = self._length(len(result.indices))
            if not result.done or not self._new_pixels.is_file() or (
                self._new_pixels.stat().st_size < length
            ):  # fmt: skip
                result, length = DecodingResult(), self._length(0)
            self._check_room(self._length(self._count) - length)
            # Records are removed first, on the disk too: pixels without a record are never read.
            self._record.unlink(missing_ok=True)
            if not result.done:
                self._new_record.unlink(missing_ok=True)
            flush_directory(self._folder)
            self._pixels.unlink(missing_ok=True)
            mode = "r+b" if result.done else "wb"
            with open(self._new_record, mode) as record, open(self._new_pixels, mode) as pixels:
                if result.done:
                    pixels.truncate(length)
                    pixels.seek(length)
                    record.truncate(_whole_lines(record))
                    record.seek(0, os.SEEK_END)
                else:
                    pixels.write(self._header(self._count))
                    record.write(_line(self._request))
                self._files = pixels, record
                yield result
                pixels.seek(0)
                pixels.write(self._header(len((self._read(self._new_record) or result).indices)))
            self._files = None
            commit_file(self._new_pixels, self._pixels)
            commit_file(self._new_record, self._record)

    def add(self, images: list[NDArray[np.uint8]], result: DecodingResult) -> None:
        """Appends the `images` that could be decoded of the next `result.done` photos."""
        assert self._files is not None
        pixels, record = self._files
        for image in images:
            pixels.write(np.ascontiguousarray(image).data)
        _synchronise(pixels)
        record.write(_line(asdict(result)))
        _synchronise(record)

    def _read(self, record: Path) -> DecodingResult | None:
        try:
            with open_regular(record) as file:
                lines = file.read(_whole_lines(file)).splitlines()
            if not lines or json.loads(lines[0]) != self._request:
                return None
            total = DecodingResult()
            for line in lines[1:]:
                result = DecodingResult(**json.loads(line))
                if not total.is_next(result):
                    return None
                total.extend(result)
            return total if total.done <= self._count else None
        except (OSError, ValueError, TypeError, RecursionError):
            return None

    def _header(self, kept: int) -> bytes:
        header = io.BytesIO()
        shape = (kept, *self._shape)
        # NumPy leaves room for the first axis to grow: the header has the same length for any number.
        np.lib.format.write_array_header_1_0(header, {"descr": "|u1", "fortran_order": False, "shape": shape})
        return header.getvalue()

    def _length(self, kept: int) -> int:
        return len(self._header(self._count)) + kept * int(np.prod(self._shape, dtype=np.int64))

    def _check_room(self, needed: int) -> None:
        if shutil.disk_usage(self._folder).free < needed:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    @contextmanager
    def _as_output_error(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            if isinstance(error, InceptionHubError | BrokenPipeError):  # not of these files
                raise
            raise OutputError(
                f"The decoded photos need {self._length(self._count):,} bytes in {self._folder} "
                f"({error.strerror or error}); make room there, or give another folder."
            ) from error


def _line(value: Any) -> bytes:
    return json.dumps(value).encode() + b"\n"


def _whole_lines(file: BinaryIO) -> int:
    """The length of `file` up to the last line break: the rest is a line that was cut off."""
    file.seek(0)
    length = file.read().rfind(b"\n") + 1
    file.seek(0)
    return length


def _synchronise(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())
