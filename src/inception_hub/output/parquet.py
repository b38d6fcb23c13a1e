"""Rows as Parquet. Such a file can be read only once its end is written, so a run writes parts, each a whole
file of its own, into the folder `OUTPUT.parts`, and makes one file of them when all is done.
"""

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, final

from ..errors import MissingExtraError, OutputError
from ..inference.row import Kind, Row
from ..system.atomic import flush_directory
from ..system.text import encoded
from .files import STDOUT, PendingFile, as_output_error, claim, refuse_existing
from .resume import Done, WrittenRow
from .rows import as_record

if TYPE_CHECKING:
    import pyarrow as pa

ROW_GROUP = 1024  # rows of a part, held in memory until then: 4 MB of vectors
COMPLETE = "complete.parquet"  # all parts in one, in their folder, until it takes its name


@final
class ParquetWriter:
    """Rows as nested lists: `predictions` list<struct<label, index, probability>>, or `vector` list<float>.

    Abandoned, it keeps the parts, for a run that resumes; a file that is resumed is the first part.
    """

    def __init__(self, kind: Kind, output: Path | None, resume: bool) -> None:
        try:
            import pyarrow as pa
            from pyarrow import parquet
        except ImportError as error:
            raise MissingExtraError(
                "Parquet needs pyarrow, which is not installed; pip install 'inception-hub[parquet]'."
            ) from error
        if output is None and sys.stdout.isatty():
            raise OutputError("Parquet is not for terminals; give --output FILE or another format.")
        self._schema = schema(kind)
        self._table, self._parquet = pa.Table, parquet
        self._output, self._resume = output, resume
        self._rows: list[dict[str, Any]] = []
        self._lock: int | None = None
        self._parts = self._temporary() if output is None else self._begin(output)
        try:
            self.done = Done(self._written()) if resume else Done()
        except BaseException:
            self._end()
            raise

    def _temporary(self) -> Path:
        with as_output_error(STDOUT):
            return Path(tempfile.mkdtemp())

    def _begin(self, output: Path) -> Path:
        parts = output.with_name(f"{output.name}.parts")
        if not self._resume:
            refuse_existing(output)
            if os.path.lexists(parts):
                raise OutputError(
                    f"{parts} holds the rows of a run that was interrupted; "
                    "continue it by --resume, or remove it first."
                )
        with as_output_error(output):
            parts.mkdir(exist_ok=self._resume)
            if os.name == "posix":  # only there can a directory be opened
                self._lock = os.open(parts, os.O_RDONLY)
                claim(self._lock, output)
            if (parts / COMPLETE).exists():
                _take_name(parts, output)
                parts.mkdir()
        return parts

    def write(self, row: Row) -> None:
        self._rows.append(flat(row))
        if len(self._rows) == ROW_GROUP:
            self._write_part()

    def close(self) -> None:
        try:
            self._write_part()
            if self._output is None:
                self._merge(None)
            elif self._sources() != [self._output]:  # else there was nothing to add
                if not self._resume:
                    refuse_existing(self._output)
                self._merge(self._parts / COMPLETE)
                with as_output_error(self._output):
                    _take_name(self._parts, self._output)
        finally:
            self._end()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self.close()
        else:
            with suppress(OutputError):
                self._write_part()
            self._end()

    def _end(self) -> None:
        with suppress(OSError):
            if self._output is None:
                shutil.rmtree(self._parts)
            else:
                self._parts.rmdir()  # if nothing is in it
        if self._lock is not None:
            os.close(self._lock)

    def _sources(self) -> list[Path]:
        there = [self._output] if self._output and self._resume and self._output.exists() else []
        return there + _numbered(self._parts)

    def _written(self) -> Iterator[WrittenRow]:
        for source in self._sources():
            try:
                file = self._parquet.ParquetFile(source)
            except (OSError, ValueError) as error:
                raise _foreign(source) from error
            with file:
                if file.schema_arrow.names != self._schema.names:
                    raise _foreign(source)
                for batch in file.iter_batches(columns=["path", "module", "error"]):
                    for row in batch.to_pylist():
                        yield WrittenRow(row["path"], row["module"], row["error"] is not None)

    def _write_part(self) -> None:
        # Forgotten first: interrupted after the part is there, none of its rows may be written once more.
        rows, self._rows = self._rows, []
        if not rows:
            return
        numbers = [int(part.stem) for part in _numbered(self._parts)]
        pending = PendingFile(self._parts / f"{max(numbers, default=0) + 1:06}.parquet")
        with self._whole(pending):
            self._parquet.write_table(self._table.from_pylist(rows, self._schema), pending.file)

    def _merge(self, target: Path | None) -> None:
        pending = PendingFile(target)
        with self._whole(pending), self._parquet.ParquetWriter(pending.file, self._schema) as merged:
            for source in self._sources():
                with self._parquet.ParquetFile(source) as part:
                    for group in range(part.num_row_groups):
                        merged.write_table(part.read_row_group(group).cast(self._schema))

    @contextmanager
    def _whole(self, pending: PendingFile) -> Iterator[None]:
        try:
            with as_output_error(self._output or STDOUT):
                yield
            pending.commit()
        except BaseException:
            pending.discard()
            raise


def schema(kind: Kind) -> "pa.Schema":
    """Of rows of one `kind`."""
    import pyarrow as pa

    prediction = pa.struct([("label", pa.string()), ("index", pa.int32()), ("probability", pa.float32())])
    values = pa.list_(prediction if kind == "predictions" else pa.float32())
    text = pa.string()
    return pa.schema([("path", text), ("module", text), (kind, values), ("error", text)])


def flat(row: Row) -> dict[str, Any]:
    """`row` as pyarrow takes it, with texts that are all of Unicode."""
    record = as_record(row) if row.vector is None else {**vars(row)}
    texts = {key: encoded(text).decode() for key, text in record.items() if isinstance(text, str)}
    return record | texts


def _numbered(parts: Path) -> list[Path]:
    return sorted(parts.glob("[0-9]*.parquet"))


def _take_name(parts: Path, output: Path) -> None:
    """The parts go first: killed in between, what is left of the folder holds no row twice."""
    for part in _numbered(parts):
        part.unlink()
    os.replace(parts / COMPLETE, output)
    flush_directory(output.parent)
    shutil.rmtree(parts)


def _foreign(source: Path) -> OutputError:
    return OutputError(f"{source} cannot be resumed, for it holds no such rows; give another --output.")
