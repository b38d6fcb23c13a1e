"""Rows to a new file or to standard output: JSON lines, CSV, Parquet, or a table for people.

Text is UTF-8 and appended row by row, each with one write, so that a reader never sees half a row; a Parquet
file appears whole under its name once it is complete. What exists already is never touched.

`BrokenPipeError` passes through: the reader (`| head`) has what it wanted, and the caller ends in peace.
"""

import io
import os
import secrets
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import FileIO
from pathlib import Path
from typing import Any, BinaryIO, Literal, Protocol, Self, final

from .errors import ArgumentError, MissingExtraError, OutputError
from .rows import JsonLines, PredictionsCsv, Row, TextFormat, VectorsCsv, as_record, encoded

Format = Literal["table", "jsonl", "csv", "parquet"]
Kind = Literal["predictions", "vector"]
CHUNK = 2**20  # bytes
STDOUT = "Standard output"
ROW_GROUP = 1024  # rows of a Parquet file held in memory: 4 MB of vectors


class Writer(Protocol):
    """Takes rows one at a time. As a context manager it closes, or after an exception abandons, its output.

    Every method but the last raises `OutputError` when nothing can be written: no space, no permission.
    """

    def write(self, row: Row) -> None: ...
    def close(self) -> None: ...
    def __enter__(self) -> Self: ...
    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None: ...


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


@final
class TextWriter:
    """Rows in a `TextFormat`, each written at once. Abandoned, it keeps the rows written so far."""

    def __init__(self, format: TextFormat, output: Path | None) -> None:
        self._format = format
        self._output = StandardOutput() if output is None else GrowingFile(output)

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
        if text:
            self._output.append(encoded(text))


@final
class ParquetWriter:
    """Rows as nested lists: `predictions` list<struct<label, index, probability>>, or `vector` list<float>.

    Written in groups of `ROW_GROUP` rows to a temporary file that takes the name `output`, or is copied to
    standard output, when it is complete. Abandoned, it leaves nothing.
    """

    def __init__(self, kind: Kind, output: Path | None) -> None:
        try:
            import pyarrow as pa
            from pyarrow import parquet
        except ImportError as error:
            raise MissingExtraError(
                "Parquet needs pyarrow, which is not installed; pip install 'inception-hub[parquet]'."
            ) from error
        if output is None and sys.stdout.isatty():
            raise OutputError("Parquet is not for terminals; give --output FILE or another format.")
        prediction = pa.struct([("label", pa.string()), ("index", pa.int32()), ("probability", pa.float32())])
        answer = pa.list_(prediction if kind == "predictions" else pa.float32())
        text = pa.string()
        schema = pa.schema([("path", text), ("module", text), (kind, answer), ("error", text)])
        if output is not None:
            refuse_existing(output)
        self._output = output
        self._schema = schema
        self._table = pa.Table
        self._rows: list[dict[str, Any]] = []
        self._pending = PendingFile(output)
        self._parquet = parquet.ParquetWriter(self._pending.file, schema)

    def write(self, row: Row) -> None:
        record = as_record(row) if row.vector is None else {**vars(row)}
        texts = {key: encoded(text).decode() for key, text in record.items() if isinstance(text, str)}
        self._rows.append(record | texts)
        if len(self._rows) == ROW_GROUP:
            self._write_group()

    def close(self) -> None:
        try:
            self._write_group()
            with as_output_error(self._pending.name):
                self._parquet.close()
            if self._output is not None:
                refuse_existing(self._output)
            self._pending.commit()
        except BaseException:
            self._pending.discard()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self.close()
        else:
            with suppress(Exception):
                self._parquet.close()  # or pyarrow would, once the file is gone
            self._pending.discard()

    def _write_group(self) -> None:
        if self._rows:
            with as_output_error(self._pending.name):
                self._parquet.write_table(self._table.from_pylist(self._rows, self._schema))
            self._rows.clear()


class StandardOutput:
    """Standard output, flushed after every `append`."""

    def append(self, data: bytes) -> None:
        with as_output_error(STDOUT):
            _write_all(sys.stdout.buffer, data)
            sys.stdout.buffer.flush()

    def close(self) -> None:
        pass

    def abandon(self) -> None:
        pass


class GrowingFile:
    """A file that did not exist before and always ends with a whole `append`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        refuse_existing(path)
        with as_output_error(path):
            self._file = path.open("xb", buffering=0)

    def append(self, data: bytes) -> None:
        whole = self._file.tell()
        with as_output_error(self._path):
            try:
                _write_all(self._file, data)
            except BaseException:
                with suppress(OSError):
                    self._file.truncate(whole)
                raise

    def close(self) -> None:
        with as_output_error(self._path):
            self._file.close()

    def abandon(self) -> None:
        """Keeps what was written; removes the file if that is nothing."""
        empty = self._file.tell() == 0
        self.close()
        if empty:
            self._path.unlink(missing_ok=True)


class PendingFile:
    """A binary file that becomes `target` (None: is copied to standard output) when it is complete.

    It lies beside `target` under a temporary name; `commit` replaces what is there: whether it may is the
    caller's to check.
    """

    def __init__(self, target: Path | None) -> None:
        self.name = target or STDOUT
        self._target = target
        # tempfile would make a file that only its owner can read, and renaming would keep it so.
        self._path = target and target.parent / f".{secrets.token_hex(8)}.part"
        with as_output_error(self.name):
            self.file: BinaryIO = self._path.open("xb") if self._path else tempfile.TemporaryFile()

    def commit(self) -> None:
        with as_output_error(self.name):
            if self._path and self._target:
                self.file.close()
                os.replace(self._path, self._target)
            else:
                self.file.seek(0)
                while chunk := self.file.read(CHUNK):
                    _write_all(sys.stdout.buffer, chunk)
                sys.stdout.buffer.flush()
                self.file.close()

    def discard(self) -> None:
        with suppress(OSError):
            self.file.close()
        with suppress(OSError):
            if self._path:
                self._path.unlink()


def _write_all(file: BinaryIO | FileIO, data: bytes) -> None:
    """Writes on where an unbuffered file (of ours, or standard output under `python -u`) took only a part."""
    left = memoryview(data)
    while left:
        left = left[file.write(left) :]


def refuse_existing(path: Path) -> None:
    """Raises `OutputError` if there is anything at `path`, a broken link included."""
    if os.path.lexists(path):
        raise OutputError(f"{path} exists and is left as it is; give another name or remove it first.")


@contextmanager
def as_output_error(name: Path | str) -> Iterator[None]:
    """Turns every `OSError` but `BrokenPipeError` into an `OutputError` about `name`."""
    try:
        yield
    except (BrokenPipeError, OutputError):
        raise
    except OSError as error:
        reason = error.strerror or error
        raise OutputError(f"{name} cannot be written ({reason}); make room or write elsewhere.") from error
