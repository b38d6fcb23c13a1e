"""Decoded photos on disk: written batch by batch, resumed after any interruption, never half an image."""

import errno
import io
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from ..errors import InceptionHubError, OutputError

VERSION = 1  # of the layout, and of how photos are decoded and resized


@dataclass
class Outcome:
    """What came of the first `done` photos: which were kept, their width / height, and what was wrong."""

    done: int = 0
    indices: list[int] = field(default_factory=list)
    aspect: list[float] = field(default_factory=list)
    corrupt: list[str] = field(default_factory=list)

    def then(self, other: "Outcome") -> "Outcome":
        return Outcome(
            self.done + other.done,
            self.indices + other.indices,
            self.aspect + other.aspect,
            self.corrupt + other.corrupt,
        )


class Store:
    """`folder/pixels.npy` and its record `folder/pixels.jsonl`, of `count` photos."""

    def __init__(self, folder: Path, fingerprint: str, size: int, count: int) -> None:
        self._folder = folder
        self._request = {"version": VERSION, "fingerprint": fingerprint, "size": size, "count": count}
        self._shape = (size, size, 3)
        self._count = count
        self._pixels, self._record = folder / "pixels.npy", folder / "pixels.jsonl"
        self._new_pixels, self._new_record = folder / "pixels.npy.partial", folder / "pixels.jsonl.partial"
        self._files: tuple[BinaryIO, BinaryIO] | None = None

    def complete(self) -> tuple[NDArray[np.uint8], Outcome] | None:
        """The images, uint8 [m, size, size, 3] mapped from disk, and what came of all; None if not whole."""
        outcome = self._read(self._record)
        if outcome is None or outcome.done != self._count:
            return None
        kept = len(outcome.indices)
        if not kept:
            return np.empty((0, *self._shape), np.uint8), outcome
        try:
            images: NDArray[np.uint8] = np.load(self._pixels, mmap_mode="r", allow_pickle=False)
        except (OSError, ValueError):
            return None
        whole = images.shape == (kept, *self._shape) and images.dtype == np.uint8
        return (images, outcome) if whole else None

    @contextmanager
    def resume(self) -> Iterator[Outcome]:
        """Opens the files for `add`, after what is whole of an earlier attempt; publishes them at the end.

        Raises `OutputError`, now or later, saying how many bytes are needed and where.
        """
        with self._explained():
            self._folder.mkdir(parents=True, exist_ok=True)
            outcome = self._read(self._new_record) or Outcome()
            length = self._length(len(outcome.indices))
            if not outcome.done or not self._new_pixels.is_file() or (
                self._new_pixels.stat().st_size < length
            ):  # fmt: skip
                outcome, length = Outcome(), self._length(0)
            self._check_room(self._length(self._count) - length)
            # The record goes first: without it nobody takes the pixels for what they no longer are.
            self._record.unlink(missing_ok=True)
            self._pixels.unlink(missing_ok=True)
            fresh = not outcome.done
            with (
                open(self._new_record, "wb" if fresh else "r+b") as record,
                open(self._new_pixels, "wb" if fresh else "r+b") as pixels,
            ):
                if fresh:
                    pixels.write(self._header(self._count))
                    record.write(_line(self._request))
                else:
                    pixels.truncate(length)
                    pixels.seek(length)
                    record.truncate(_whole_lines(record))
                    record.seek(0, os.SEEK_END)
                self._files = pixels, record
                yield outcome
                pixels.seek(0)
                pixels.write(self._header(len((self._read(self._new_record) or outcome).indices)))
                _synchronise(pixels)
            self._files = None
            os.replace(self._new_pixels, self._pixels)
            os.replace(self._new_record, self._record)

    def add(self, images: list[NDArray[np.uint8]], outcome: Outcome) -> None:
        """Appends the kept `images` of the next `outcome.done` photos."""
        assert self._files is not None
        pixels, record = self._files
        for image in images:
            pixels.write(np.ascontiguousarray(image).data)
        _synchronise(pixels)
        record.write(_line(asdict(outcome)))
        _synchronise(record)

    def _read(self, record: Path) -> Outcome | None:
        try:
            with open(record, "rb") as file:
                lines = file.read(_whole_lines(file)).splitlines()
            if not lines or json.loads(lines[0]) != self._request:
                return None
            total = Outcome()
            for line in lines[1:]:
                part = Outcome(**json.loads(line))
                total.done += part.done
                total.indices += part.indices
                total.aspect += part.aspect
                total.corrupt += part.corrupt
            return total
        except (OSError, ValueError, TypeError):
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
    def _explained(self) -> Iterator[None]:
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
    """The length of `file` up to the last line break: what follows was cut off in the middle."""
    file.seek(0)
    length = file.read().rfind(b"\n") + 1
    file.seek(0)
    return length


def _synchronise(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())
