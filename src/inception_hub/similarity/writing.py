"""Writes rows of similar photos or of near-duplicates: as text, JSON lines, CSV or Parquet."""

import sys
from collections.abc import Iterable, Iterator
from functools import partial
from itertools import islice
from pathlib import Path
from typing import IO, Any

from ..errors import OutputError
from ..output.choices import RowFormat
from ..output.files import STDOUT, PendingFile, StandardOutput
from ..output.rows import csv_line
from ..system.extras import missing
from ..system.outputs import as_output_error, refuse_existing
from ..system.text import encoded, json_text
from .rows import AnyRow

ROW_GROUP = 1024  # rows of Parquet that are in memory


def write_rows(rows: Iterable[AnyRow], kind: type[AnyRow], format: RowFormat, output: Path | None) -> None:
    """Writes `rows` of one `kind` to the new file `output`, or to standard output (None).

    A file is there once all is done; on standard output rows come as they are made, but for Parquet. Raises
    `OutputError` if `output` exists or cannot be written, and for Parquet on a terminal; `MissingExtraError`
    for Parquet without pyarrow.
    """
    if output is None and format != "parquet":
        file = StandardOutput()
        for text in _texts(rows, kind, format):
            file.append(encoded(text))
        file.close()
        return
    if format == "parquet":
        write = partial(_write_parquet, _parquet(), rows, kind)
        if output is None and sys.stdout.isatty():
            raise OutputError("Parquet is not for terminals; give --output FILE or another format.")
    else:
        write = partial(_write_texts, _texts(rows, kind, format))
    if output is not None:
        refuse_existing(output)
        with as_output_error(output):
            output.parent.mkdir(parents=True, exist_ok=True)
    pending = PendingFile(output)
    try:
        with as_output_error(output or STDOUT):
            write(pending.file)
            if output is not None:
                refuse_existing(output)
        pending.commit()
    except BaseException:
        pending.discard()
        raise


def _texts(rows: Iterable[AnyRow], kind: type[AnyRow], format: RowFormat) -> Iterator[str]:
    """The header, where there is one, and each row as `format` has it."""
    if format == "csv":
        yield csv_line(*kind.HEADER)
    for row in rows:
        if format == "csv":
            yield "".join(csv_line(*fields) for fields in row.lines())
        elif format == "jsonl":
            yield json_text(row.record()) + "\n"
        else:
            yield "".join(f"{line}\n" for line in row.text())


def _write_texts(texts: Iterable[str], file: IO[bytes]) -> None:
    for text in texts:
        file.write(encoded(text))


def _parquet() -> Any:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise missing("Parquet needs pyarrow", "parquet") from error
    return pyarrow


def _write_parquet(pyarrow: Any, rows: Iterable[AnyRow], kind: type[AnyRow], file: IO[bytes]) -> None:
    schema = kind.schema()
    with pyarrow.parquet.ParquetWriter(file, schema, write_page_checksum=True) as writer:
        each = iter(rows)
        while some := [row.record() for row in islice(each, ROW_GROUP)]:
            writer.write_table(pyarrow.Table.from_pylist(some, schema))
