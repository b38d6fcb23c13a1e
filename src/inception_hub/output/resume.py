"""Which photos have their row already, read from the output of a run that was interrupted.

A photo counts by its path, as often as it has rows: given twice and written once, it is computed once more.
The last rows may be torn; `whole` is where the rows before them end. An error is a row like any other.

After a power cut some file systems give zeros for what was not on the disk yet. No row holds a zero byte, so
the rows end before the first, unless more follows than a run ever has waiting for the disk.
"""

import csv
import json
import os
from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from ..errors import OutputError
from ..system.text import csv_path, text_path

BEGINNING = b'{"path": "'  # of every row in JSON
MAX_LINE = 16 << 20  # bytes; a row of vectors has some 20,000
MAX_TORN = 32 << 20  # bytes after the last whole row: see `files.FLUSHED_EVERY`


@dataclass(frozen=True)
class WrittenRow:
    """A row that is there; `end` (bytes) is where it ends in a text file."""

    path: str
    is_error: bool
    end: int = 0


class Done:
    """The rows that are there: nine bytes each in memory, whatever their paths' lengths.

    Of a path 64 bits of its BLAKE2b digest are kept: that any two of a million paths are taken for one has a
    probability of 3e-8.
    """

    def __init__(self, rows: Iterable[WrittenRow] = ()) -> None:
        digests = array("Q")
        self.errors = 0
        self.whole = 0
        for row in rows:
            digests.append(path_digest(row.path))
            self.errors += row.is_error
            self.whole = row.end
        self._digests = np.sort(np.frombuffer(digests, np.uint64))
        self._taken = np.zeros(len(digests), bool)

    def __len__(self) -> int:
        return len(self._digests)

    def take(self, path: str) -> bool:
        """Whether there is a row for `path` that was not taken yet."""
        digest = np.uint64(path_digest(path))
        first = int(np.searchsorted(self._digests, digest))
        for place in range(first, len(self)):
            if self._digests[place] != digest:
                return False
            if not self._taken[place]:
                self._taken[place] = True
                return True
        return False


def path_digest(path: str) -> int:
    """64 bits of the BLAKE2b digest of `path` as CSV writes it, so that rows of every format are compared."""
    return int.from_bytes(blake2b(csv_path(path).encode(), digest_size=8).digest(), "little")


def json_lines(file: BinaryIO, name: Path, kind: str, sets: bool) -> Iterator[WrittenRow]:
    """The whole rows of `kind`, `sets` of classes or not; raises `OutputError` for what is no such row."""
    fields: dict[str, type] = {kind: list, "unknown": bool} if sets else {kind: list}
    end = 0
    for number, line in enumerate(_lines(file, name), 1):
        if not line.endswith(b"\n"):
            if line[: len(BEGINNING)] != BEGINNING[: len(line)]:
                raise _foreign(name, "its last line is no row torn off")
            return
        end += len(line)
        try:
            record: Any = json.loads(line)
            is_error = kind not in record
            wanted = {"path": str, "module": str} | ({"error": str} if is_error else fields)
            if record.keys() != wanted.keys() or not all(
                isinstance(record[field], type) for field, type in wanted.items()
            ):
                raise TypeError
        except (ValueError, AttributeError, TypeError, RecursionError) as error:
            raise _foreign(name, f"line {number} is no row of {kind}") from error
        yield WrittenRow(text_path(record["path"]), is_error, end)


def csv_lines(file: BinaryIO, name: Path, header: bytes, ranks: int | None) -> Iterator[WrittenRow]:
    """The whole rows of a CSV file that begins with `header`; raises `OutputError` for what is no such row.

    `ranks`: lines of a photo with predictions; None: any number. The last photo counts only if it is known to
    have them all: one of a module with fewer classes is computed once more.
    """
    every = _lines(file, name)
    start = next(every, b"")
    if start != header:
        if header.startswith(start):
            return
        raise _foreign(name, "its first line is another")
    columns = header.decode().rstrip("\n").split(",")
    error, end = columns.index("error"), len(header)

    def lines() -> Iterator[str]:
        nonlocal end
        for line in every:
            if line.endswith(b"\n"):
                end += len(line)
                yield line.decode("utf-8")

    records = csv.reader(lines(), strict=True)
    unfinished: WrittenRow | None = None
    try:
        for record in records:
            if len(record) != len(columns):
                raise _foreign(name, f"line {records.line_num + 1} is no row of it")
            written = WrittenRow(record[0], bool(record[error]), end)
            rank = record[2] if columns[2] == "rank" else ""
            if unfinished and rank in ("", "1"):
                yield unfinished  # it was all there is, as another photo follows
            unfinished = None if rank in ("", str(ranks)) else written
            if not unfinished:
                yield written
    except (csv.Error, UnicodeDecodeError) as problem:
        if next(every, b""):
            raise _foreign(name, f"line {records.line_num + 1} is no row of it") from problem
        # else the last row is torn, within its quotes


def _lines(file: BinaryIO, name: Path) -> Iterator[bytes]:
    """The lines up to the first that holds a zero byte, the last perhaps without its end.

    Raises `OutputError` for a line longer than any row, and for zeros that no power cut explains.
    """
    end = 0
    while line := file.readline(MAX_LINE):
        if b"\0" in line:
            if os.fstat(file.fileno()).st_size - end > MAX_TORN:
                raise _foreign(name, "it holds zeros")
            return
        if len(line) == MAX_LINE:
            raise _foreign(name, f"a line is longer than {MAX_LINE:,} bytes")
        end += len(line)
        yield line


def _foreign(name: Path, what: str) -> OutputError:
    return OutputError(f"{name} cannot be resumed, for {what}; give another --output.")
