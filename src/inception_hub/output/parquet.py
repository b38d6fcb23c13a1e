"""Rows as Parquet. Such a file can be read only once its end is written, so a run writes parts, each a whole
file of its own, into the folder `OUTPUT.parts`, and makes one file of them when all is done.
"""

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Self, final

from ..errors import OutputError
from ..inference.row import Kind, Row
from ..system.atomic import flush_directory
from ..system.extras import missing
from ..system.locks import hold_directory, release
from ..system.open_files import replace
from ..system.outputs import as_output_error, refuse_existing, taken
from ..system.regular import open_regular
from ..system.text import encoded
from .files import STDOUT, PendingFile
from .resume import Done, WrittenRow
from .rows import as_record
from .settings import Settings, check, to_json

if TYPE_CHECKING:
    import pyarrow as pa

ROW_GROUP = 1024  # rows of a part, held in memory until then: 4 MB of vectors
COMPLETE = "complete.parquet"  # all parts in one, in their folder, until it takes its name
SETTINGS = b"inception_hub.settings"  # in a file's metadata
UNPACKED = 1 << 30  # bytes that all rows of a file may have, or `RATIO` times its own
HELD = 64 << 20  # bytes of rows that are read at a time


@final
class ParquetWriter:
    """Rows as nested lists: `predictions` list<struct<label, index, probability>>, or `vector` list<float>.

    `sets`: the predictions are sets for a coverage, with the column `unknown`.
    Abandoned, it keeps the parts, for a run that resumes; a file that is resumed is the first part.
    """

    def __init__(
        self, kind: Kind, output: Path | None, resume: bool, settings: Settings, sets: bool = False
    ) -> None:
        try:
            import pyarrow as pa
            from pyarrow import parquet
        except ImportError as error:
            raise missing("Parquet needs pyarrow", "parquet") from error
        if output is None and sys.stdout.isatty():
            raise OutputError("Parquet is not for terminals; give --output FILE or another format.")
        self._schema = schema(kind, sets).with_metadata({SETTINGS: to_json(settings)})
        self._settings = settings
        self._pa, self._parquet = pa, parquet
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
        with as_output_error(output):
            output.parent.mkdir(parents=True, exist_ok=True)
            interrupted = os.path.lexists(parts)
            try:
                self._lock = hold_directory(parts)
            except BlockingIOError as error:
                raise taken(output) from error
            if interrupted and not self._resume:
                release(self._lock)
                raise OutputError(
                    f"{parts} holds the rows of a run that was interrupted; "
                    "continue it by --resume, or remove it first."
                )
            if (parts / COMPLETE).exists():
                _take_name(parts, output)
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
        release(self._lock)

    def _sources(self) -> list[Path]:
        there = [self._output] if self._output and self._resume and self._output.exists() else []
        return there + _numbered(self._parts)

    def _written(self) -> Iterator[WrittenRow]:
        """The rows that are there; every page is read once, so that a damaged one is known at once."""
        for source in self._sources():
            try:
                with (
                    open_regular(source) as raw,
                    self._parquet.ParquetFile(raw, page_checksum_verification=True) as file,
                ):
                    self._check(file, source)
                    for batch in batches(file, raw):
                        batch.validate(full=True)
                        if batch["path"].null_count:
                            raise _foreign(source)
                        errors = batch["error"].is_valid().to_pylist()
                        for path, is_error in zip(batch["path"].to_pylist(), errors, strict=True):
                            yield WrittenRow(path, is_error)
            except (OSError, ValueError, MemoryError, self._pa.ArrowException) as error:
                if isinstance(error, OutputError):
                    raise
                if reason := getattr(error, "strerror", None):  # of the system, not of pyarrow
                    raise OutputError(
                        f"{source} cannot be read ({reason}); give another --output."
                    ) from error
                raise _foreign(source) from error

    def _check(self, file: Any, source: Path) -> None:
        kept = (file.schema_arrow.metadata or {}).get(SETTINGS)
        fits = file.schema_arrow.equals(self._schema)
        if fits or kept is not None:  # a record tells more of other rows than that they are others
            check(source, kept, self._settings)
        if not fits:
            raise _foreign(source)

    def _write_part(self) -> None:
        # Forgotten first: interrupted after the part is there, none of its rows may be written once more.
        rows, self._rows = self._rows, []
        if not rows:
            return
        numbers = [int(part.stem) for part in _numbered(self._parts)]
        pending = PendingFile(self._parts / f"{max(numbers, default=0) + 1:06}.parquet")
        with self._whole(pending):
            table = self._pa.Table.from_pylist(rows, self._schema)
            self._parquet.write_table(table, pending.file, write_page_checksum=True)

    def _merge(self, target: Path | None) -> None:
        pending = PendingFile(target)
        writer = self._parquet.ParquetWriter
        with self._whole(pending), writer(pending.file, self._schema, write_page_checksum=True) as merged:
            for source in self._sources():
                with self._parquet.ParquetFile(source) as part:
                    for group in range(part.num_row_groups):
                        merged.write_table(part.read_row_group(group))

    @contextmanager
    def _whole(self, pending: PendingFile) -> Iterator[None]:
        try:
            with as_output_error(self._output or STDOUT):
                yield
            pending.commit()
        except BaseException:
            pending.discard()
            raise


def batches(file: Any, raw: BinaryIO, columns: Sequence[str] | None = None) -> "Iterator[pa.RecordBatch]":
    """The rows of the Parquet `file`, whose bytes are `raw`, some at a time; None: of all `columns`.

    Raises `ValueError` for more rows than bytes, and for rows that unpack to very much, whatever the file
    says itself.
    """
    from ..data.pages import RATIO, chunks, largest_page

    size = raw.seek(0, os.SEEK_END)
    if file.metadata.num_rows > size:
        raise ValueError("it has more rows than bytes")
    left = max(UNPACKED, RATIO * size)
    for group, parts in enumerate(chunks(raw)):
        largest = max((largest_page(raw, part) for part in parts), default=0)
        rows = max(1, min(ROW_GROUP, HELD // max(1, largest)))  # each may be all of a page
        for batch in file.iter_batches(rows, [group], columns, use_threads=False):
            left -= batch.nbytes
            if left < 0:
                raise ValueError(f"it unpacks to far more than its {size:,} bytes")
            yield batch


def schema(kind: Kind, sets: bool = False) -> "pa.Schema":
    """Of rows of one `kind`; `sets`: of predictions that are sets for a coverage."""
    import pyarrow as pa

    prediction = pa.struct([("label", pa.string()), ("index", pa.int32()), ("probability", pa.float32())])
    # As Parquet has it; the name that pyarrow gives it otherwise would not be read back.
    values = pa.list_(pa.field("element", prediction if kind == "predictions" else pa.float32()))
    text = pa.string()
    unknown = [("unknown", pa.bool_())] if sets else []
    return pa.schema([("path", text), ("module", text), (kind, values), *unknown, ("error", text)])


def flat(row: Row) -> dict[str, Any]:
    """`row` as pyarrow takes it, with texts that are all of Unicode."""
    record = as_record(row) if row.vector is None else {**vars(row)}
    texts = {key: encoded(text).decode() for key, text in record.items() if isinstance(text, str)}
    return record | texts


def _numbered(parts: Path) -> list[Path]:
    return sorted(parts.glob("[0-9]*.parquet"))


def _take_name(parts: Path, output: Path) -> None:
    """The parts go first, on the disk too: cut off in between, what is left of the folder holds no row twice.

    The folder itself stays, as it is locked.
    """
    for part in _numbered(parts):
        part.unlink()
    flush_directory(parts)
    replace(parts / COMPLETE, output)
    flush_directory(output.parent)
    for left in parts.iterdir():  # by a writer that was killed
        if left.is_dir():  # a pipe would be waited for
            shutil.rmtree(left, ignore_errors=True)


def _foreign(source: Path) -> OutputError:
    return OutputError(f"{source} cannot be resumed, for it holds no such rows; give another --output.")
