"""Labelled photos in Parquet files, which are read where they lie, a few rows at a time.

Needs pyarrow, which is imported when something is read.
"""

import os
import threading
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from ..errors import FormatError, ImageError
from ..system.cores import usable_cores
from ..system.regular import open_regular
from .arrow import (
    Column,
    TablePhotos,
    check_rows,
    class_names,
    columns_of,
    import_pyarrow,
    is_path,
    reason,
    values_of,
)
from .columns import choose
from .data_files import ACCEPTED, DataFiles
from .labelled import Labelled
from .pages import chunks, largest_page
from .splits import TRAIN, split_called, split_of_file, split_of_folder
from .text_tables import MAX_BYTES, Table

BATCH, MOST_ROWS = 16, 1 << 16  # rows of photos, and of numbers and texts, that are read at a time
HELD = 64 << 20  # bytes that rows read at a time may have
RECENT = 4 + usable_cores()  # batches that are kept, for threads that read a few rows ahead
BUFFER = 1 << 20  # bytes of a column that are read at a time, however large its parts are


class ParquetColumn:
    """A column of Parquet files, read a few rows at a time; quick where rows are asked for in order."""

    def __init__(self, files: Sequence[str], counts: Sequence[int], column: str) -> None:
        self._files, self._counts, self._name = files, counts, column
        self._lock = threading.Lock()
        self._recent: deque[tuple[int, Any]] = deque(maxlen=RECENT)  # first rows, and what follows
        self._batches: Iterator[tuple[int, Any]] = iter(())
        self._next: int | None = None  # the row behind what was read last

    def __getitem__(self, row: int) -> Any:
        """The value of `row`; raises `ImageError` where it cannot be read."""
        with self._lock:
            first, batch = self._holding(row)
            try:
                return batch[row - first].as_py()
            except ValueError as error:  # a path that is no text
                raise ImageError(f"Row {row} cannot be read ({error}); give an intact file.") from error

    def _holding(self, row: int) -> tuple[int, Any]:
        for first, batch in self._recent:
            if first <= row < first + len(batch):
                return first, batch
        if self._next is None or not self._next <= row < self._next + RECENT * BATCH:
            self._batches = self._from(row)
        self._next = None  # until something was read
        for first, batch in self._batches:
            self._recent.append((first, batch))
            if first <= row < first + len(batch):
                self._next = first + len(batch)
                return first, batch
        raise ImageError(f"Row {row} is not in the file any more; give the data again.")

    def _from(self, row: int) -> Iterator[tuple[int, Any]]:
        """Batches from the group of rows on that holds `row`."""
        import pyarrow.parquet

        start = 0
        for file, count in zip(self._files, self._counts, strict=True):
            if start + count <= row:
                start += count
                continue
            try:
                with pyarrow.parquet.ParquetFile(file, buffer_size=BUFFER) as opened:
                    groups = list(range(opened.num_row_groups))
                    while groups and start + opened.metadata.row_group(groups[0]).num_rows <= row:
                        start += opened.metadata.row_group(groups.pop(0)).num_rows
                    for batch in _batches(opened, file, groups, [self._name], BATCH):
                        yield start, batch.column(0)
                        start += len(batch)
            except (OSError, ValueError, LookupError, RuntimeError, pyarrow.ArrowException) as error:
                raise ImageError(f"{file} cannot be read ({reason(error)}); give an intact file.") from error


def parquet_photos(data_files: DataFiles) -> Labelled:
    """The photos of Parquet files, which are read where they lie.

    Splits are in the files' names or their folders', else in a column. Raises `FormatError` for files that
    cannot be read or differ, for photos or labels that they do not hold, and for several data sets;
    `MissingExtraError` without pyarrow.
    """
    files = data_files.files
    pyarrow = import_pyarrow()
    splits = splits_of(files, data_files.path)
    counts: list[int] = []
    rows: dict[str, list[Any]] = {}  # of the small columns
    schema, columns, embedded = None, None, True
    for file in files:
        try:
            with pyarrow.parquet.ParquetFile(file) as opened:
                if columns is None or schema is None:
                    schema = opened.schema_arrow
                    columns = columns_of(schema, file)
                if not opened.schema_arrow.field(columns.image).type.equals(schema.field(columns.image).type):
                    raise FormatError(f"Column {columns.image!r} is another in {file} than in {files[0]}.")
                small = [name for name in (columns.label, columns.split) if name]
                small += [columns.image] if is_path(schema.field(columns.image).type) else []
                read = _read(opened, file, small)
                counts.append(len(read[columns.label]))
                for name, values in read.items():
                    rows.setdefault(name, []).extend(values)
                embedded &= _is_embedded(opened, file, columns.image)
        except (OSError, ValueError, LookupError, RuntimeError, pyarrow.ArrowException) as error:
            if isinstance(error, FormatError):
                raise
            raise FormatError(f"{file} cannot be read ({reason(error)}); give {ACCEPTED}.") from error
    assert columns is not None and schema is not None
    each = [split for split, count in zip(splits, counts, strict=True) for _ in range(count)]
    if columns.split:
        each = _agreed(each, rows[columns.split], set(filter(None, splits)), columns.split, files[0])
    names = [f"{os.path.basename(file)}#{row}" for file, count in zip(files, counts, strict=True)
             for row in range(count)]  # fmt: skip
    column: Column = ParquetColumn(files, counts, columns.image)
    if is_path(schema.field(columns.image).type):
        column = rows[columns.image]
    photos = TablePhotos(column, names, data_files.root, embedded=embedded)
    known = class_names(schema, columns.label)
    named = [split or TRAIN for split in each]
    return Labelled(photos, rows[columns.label], named, known, unread=columns.unread)


def read_columns(file: str) -> Table:
    """The columns of a Parquet file of metadata, by name; those that are not chosen are empty."""
    pyarrow = import_pyarrow()
    try:
        with pyarrow.parquet.ParquetFile(file) as opened:
            names = opened.schema_arrow.names
            columns = choose(names, file)
            chosen = [name for name in (columns.image, columns.label, columns.split) if name]
            return {name: [] for name in names} | _read(opened, file, chosen)
    except (OSError, ValueError, LookupError, RuntimeError, pyarrow.ArrowException) as error:
        if isinstance(error, FormatError):
            raise
        raise FormatError(f"{file} cannot be read ({reason(error)}); give {ACCEPTED}.") from error


def splits_of(files: Sequence[str], root: Path) -> list[str | None]:
    """The split of each file by its name or a folder's; None where none is named at all.

    Of files called like a split and others the latter are a split of another name. Raises `FormatError` for
    folders that are configurations of a data set, each with splits of its own.
    """
    splits, sets = [], set()
    for file in files:
        folders = os.path.relpath(file, root).split(os.sep)[:-1] if root.is_dir() else []
        by_folder = next((split for split in map(split_of_folder, reversed(folders)) if split), None)
        splits.append(split_of_file(Path(file).stem) or by_folder)
        sets.add(os.sep.join(name for name in folders if not split_of_folder(name) and name != "data"))
    if len(sets) > 1:
        raise FormatError(
            f"{root} holds several data sets ({', '.join(sorted(sets))}); give the folder of one."
        )
    if any(splits):
        return [split or Path(file).stem for split, file in zip(splits, files, strict=True)]
    return splits


def _read(opened: Any, file: str, names: list[str]) -> dict[str, list[Any]]:
    """Columns of numbers and texts, whole; raises `FormatError` for more than fits."""
    check_rows(opened.metadata.num_rows, os.path.getsize(file), file)
    for name in names:
        if opened.schema_arrow.field(name).type.num_fields:
            raise FormatError(f"Column {name!r:.80} of {file} holds structures; give numbers or text.")
    values: dict[str, list[Any]] = {name: [] for name in names}
    left = MAX_BYTES
    for batch in _batches(opened, file, range(opened.num_row_groups), names, MOST_ROWS):
        left -= batch.nbytes
        if left < 0:
            raise FormatError(f"{file} has texts of more than {MAX_BYTES:,} bytes; give shorter ones.")
        for name in names:
            values[name] += values_of(batch.column(name))
    return values


def _batches(opened: Any, file: str, groups: Iterable[int], names: Sequence[str], most: int) -> Iterator[Any]:
    """The rows of `groups`, `most` at a time or as many as are no more than `HELD` bytes, surely.

    Raises `ValueError` for a page that expands too far.
    """
    with open_regular(file) as raw:
        described = chunks(raw)
        for group in groups:
            wanted = (chunk for chunk in described[group] if chunk.path[:1] and chunk.path[0] in names)
            largest = max((largest_page(raw, chunk) for chunk in wanted), default=0)
            rows = max(1, min(most, HELD // max(1, largest)))
            yield from opened.iter_batches(rows, [group], names, use_threads=False)


def _agreed(
    files: Sequence[str | None], given: Sequence[Any], named: set[str], column: str, where: str
) -> list[str | None]:
    """The split of each row, which a column gives where files are named after none; else both must agree."""
    splits = [split_called(value) if isinstance(value, str) else None for value in given]
    for row, (split, file) in enumerate(zip(splits, files, strict=True)):
        if split is None or (named and split != file):
            raise FormatError(
                f"The split of photo {row} of {where} is {given[row]!r:.80} in column {column!r:.80}"
                f"{f' and {file} by its file' if named else ''}; give train, validation or test, or give the "
                "column another name."
            )
    return list(splits)


def _is_embedded(file: Any, path: str, column: str) -> bool:
    """Whether every photo of a Parquet file has its bytes, as far as its metadata tells."""
    if is_path(file.schema_arrow.field(column).type):
        return False
    with open_regular(path) as raw:
        parts = [chunk for group in chunks(raw) for chunk in group]
    return all(part.nulls == 0 for part in parts if part.path in ((column,), (column, "bytes")))
