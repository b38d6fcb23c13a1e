"""Writes rows of similar photos or of near-duplicates: as text, JSON lines, CSV or Parquet."""

import csv
import io
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

from ..errors import OutputError
from ..output.choices import RowFormat
from ..output.files import STDOUT, GrowingFile, PendingFile, StandardOutput
from ..system.extras import missing
from ..system.outputs import as_output_error, refuse_existing
from ..system.text import encoded, json_text
from .rows import AnyRow

ROW_GROUP = 1024  # rows of Parquet that are in memory


def write_rows(rows: Iterable[AnyRow], kind: type[AnyRow], format: RowFormat, output: Path | None) -> None:
    """Writes `rows` of one `kind` to the new file `output`, or to standard output (None), as they come.

    Parquet is there once all is done. Raises `OutputError` if `output` exists or cannot be written, and for
    Parquet on a terminal; `MissingExtraError` for Parquet without pyarrow.
    """
    if format == "parquet":
        _write_parquet(rows, kind, output)
        return
    with _opened(output) as file:
        if format == "csv":
            file.append(encoded(_csv(kind.HEADER)))
        for row in rows:
            if format == "csv":
                text = "".join(map(_csv, row.lines()))
            elif format == "jsonl":
                text = json_text(row.record()) + "\n"
            else:
                text = "".join(f"{line}\n" for line in row.text())
            file.append(encoded(text))


@contextmanager
def _opened(output: Path | None) -> Iterator[StandardOutput | GrowingFile]:
    file = StandardOutput() if output is None else GrowingFile(output, None, None)
    try:
        yield file
    except BaseException:
        file.abandon()
        raise
    file.close()


def _csv(fields: Iterable[Any]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(fields)
    return line.getvalue()


def _write_parquet(rows: Iterable[AnyRow], kind: type[AnyRow], output: Path | None) -> None:
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ImportError as error:
        raise missing("Parquet needs pyarrow", "parquet") from error
    if output is None and sys.stdout.isatty():
        raise OutputError("Parquet is not for terminals; give --output FILE or another format.")
    if output is not None:
        refuse_existing(output)
        with as_output_error(output):
            output.parent.mkdir(parents=True, exist_ok=True)
    schema = kind.schema()
    pending = PendingFile(output)
    try:
        with as_output_error(output or STDOUT):
            with parquet.ParquetWriter(pending.file, schema, write_page_checksum=True) as writer:
                each = iter(rows)
                while some := [row.record() for row in islice(each, ROW_GROUP)]:
                    writer.write_table(pa.Table.from_pylist(some, schema))
            if output is not None:
                refuse_existing(output)
        pending.commit()
    except BaseException:
        pending.discard()
        raise
