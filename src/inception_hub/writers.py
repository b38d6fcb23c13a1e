"""Rows to a new file or to standard output: JSON lines, CSV, Parquet, or a table for people.

Text is UTF-8 and appended row by row, each with one write, so that a reader never sees half a row; a Parquet
file appears whole under its name once it is complete. What exists already is never touched. A path that is
not text (Linux allows any bytes) is written with escapes such as `\\udcff`, which JSON readers turn back.

`BrokenPipeError` passes through: the reader (`| head`) has what it wanted, and the caller ends in peace.
"""

import csv
import io
import json
import os
import secrets
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Literal, Protocol, Self, final

from .errors import ArgumentError, MissingExtraError, OutputError
from .rows import Row, as_record, shortest

Format = Literal["table", "jsonl", "csv", "parquet"]
Kind = Literal["predictions", "vector"]
ROW_GROUP = 1024  # rows of a Parquet file held in memory: 4 MB of vectors


class Writer(Protocol):
    """Takes rows one at a time. As a context manager it closes, or after an exception abandons, its output.

    Every method but the last raises `OutputError` when nothing can be written: no space, no permission.
    """

    def write(self, row: Row) -> None: ...
    def close(self) -> None: ...
    def __enter__(self) -> Self: ...
    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None: ...


class TextFormat(Protocol):
    """Turns rows into text, remembering what it must from one row to the next; `end` is the last text."""

    def row(self, row: Row) -> str: ...
    def end(self) -> str: ...


def open_writer(format: Format, kind: Kind, output: Path | None, top: int) -> Writer:
    """A writer of rows of one `kind` to the new file `output`, or to standard output (None).

    `top`: predictions of each row, for the table's spacing. Raises `OutputError` if `output` exists or cannot
    be made, and for Parquet on a terminal; `MissingExtraError` for Parquet without pyarrow; `ArgumentError`
    for another format, and for a table of vectors.
    """
    if format == "parquet":
        return ParquetWriter(kind, output)
    if format == "jsonl":
        text: TextFormat = JsonLines()
    elif format == "csv":
        text = PredictionsCsv() if kind == "predictions" else VectorsCsv()
    elif format == "table" and kind == "predictions":
        from .table import Table

        text = Table(sys.stdout if output is None else io.StringIO(), top)
    else:
        raise ArgumentError(f"{kind} cannot be written as {format}; give jsonl, csv or parquet.")
    return TextWriter(text, output)


class JsonLines:
    """One JSON object a line, `as_record`'s."""

    def row(self, row: Row) -> str:
        return json.dumps(as_record(row), ensure_ascii=False) + "\n"

    def end(self) -> str:
        return ""


class PredictionsCsv:
    """A line per path and rank (1 is the best); an error is one line without rank."""

    _header = _csv_line = None  # placeholder
