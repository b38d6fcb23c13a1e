"""Rows to a file or to standard output: JSON lines, CSV, Parquet, NumPy's arrays, or a table for people.

Text is UTF-8 and appended row by row, each with one write, so that a reader never sees half a row; Parquet
comes in parts that become one file once all is done. What exists already is never touched, unless it is the
rows of an interrupted run that is resumed.
"""

import io
import sys
from functools import partial
from pathlib import Path
from typing import Protocol, Self, final

from ..errors import ArgumentError
from ..inference.row import Kind, Row
from ..system.text import encoded
from .choices import FORMATS, RESUMABLE, AnyFormat
from .files import GrowingFile, StandardOutput
from .resume import Done, csv_lines, json_lines
from .rows import JsonLines, PredictionsCsv, TextFormat, VectorsCsv
from .settings import NO_SETTINGS, Settings


class Writer(Protocol):
    """Takes rows one at a time. As a context manager it closes, or after an exception abandons, its output.

    `done`: the rows there are from before. Every method but the last raises `OutputError` when nothing can be
    written: no space, no permission.
    """

    done: Done

    def write(self, row: Row) -> None: ...
    def close(self) -> None: ...
    def __enter__(self) -> Self: ...
    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None: ...


def open_writer(
    format: AnyFormat,
    kind: Kind,
    output: Path | None,
    length: int,
    *,
    resume: bool = False,
    settings: Settings = NO_SETTINGS,
) -> Writer:
    """A writer of rows of one `kind` to the new file `output`, or to standard output (None).

    `length`: predictions of each row, or numbers of each vector. `resume`: continue where the run that wrote
    `output` was interrupted; what it was writing at that moment is removed. `settings`: what makes the rows.

    Raises `OutputError` if `output` exists and is not to be resumed, cannot be made, holds other rows or
    rows of other `settings`, is being written by another process, and for Parquet or arrays on a terminal;
    `MissingExtraError` for Parquet without pyarrow; `ArgumentError` for another format, a table of vectors,
    `resume` without a file of rows.
    """
    if format not in FORMATS[kind]:
        raise ArgumentError(f"{kind} cannot be written as {format}; give one of {', '.join(FORMATS[kind])}.")
    if resume and (output is None or format not in RESUMABLE):
        raise ArgumentError("Only a file of rows can be resumed; give --output and jsonl, csv or parquet.")
    if format in ("npy", "npz"):
        from .arrays import ArrayWriter

        return ArrayWriter(format, output, length, settings)
    if format == "parquet":
        from .parquet import ParquetWriter

        return ParquetWriter(kind, output, resume, settings)
    text: TextFormat
    read = partial(json_lines, kind=kind)
    if format == "jsonl":
        text = JsonLines()
    elif format == "csv":
        text = PredictionsCsv() if kind == "predictions" else VectorsCsv(length)
        ranks = length if kind == "predictions" else None
        read = partial(csv_lines, header=encoded(text.header()), ranks=ranks)
    else:
        from .table import Table

        text = Table(sys.stdout if output is None else io.StringIO(), length)
    if output is None:
        return TextWriter(text, StandardOutput())
    recorded = None if format == "table" else settings
    return TextWriter(text, GrowingFile(output, recorded, read if resume else None))


@final
class TextWriter:
    """Rows in a `TextFormat`, each written at once. Abandoned, it keeps the rows written so far."""

    def __init__(self, format: TextFormat, output: StandardOutput | GrowingFile) -> None:
        self._format, self._output = format, output
        self.done = output.done
        self._header = "" if len(self.done) else format.header()

    def write(self, row: Row) -> None:
        self._append(self._format.row(row))

    def close(self) -> None:
        self._append(self._format.end())
        self._output.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self.close()
        else:
            self._output.abandon()

    def _append(self, text: str) -> None:
        if text := self._header + text:
            self._output.append(encoded(text))
            self._header = ""
