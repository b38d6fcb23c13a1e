"""Labelled photos in tables of Arrow: what Hugging Face's `save_to_disk` wrote, and what its hub gives.

Needs pyarrow, which is imported when something is read.
"""

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from ..errors import FormatError, ImageError
from ..system.extras import missing
from ..system.regular import open_regular
from ..system.text import may_be_path, printable
from .arrow_messages import has_compressed_columns
from .columns import Columns, choose
from .data_files import ACCEPTED, DataFiles
from .folders import file_stamp, read_file, within
from .labelled import Labelled
from .splits import TRAIN, split_called

MAX_ROWS = 20_000_000  # of a file, each of which takes a byte of it at least; ImageNet-21k has 14 million
MAX_BYTES = 16 << 20  # of a description: a name for each of some 100,000 files
FEATURES = b"huggingface"  # in a schema's metadata: what the columns are


class Column(Protocol):
    """Photos of a column: bytes, paths, or records of both."""

    def __getitem__(self, row: int, /) -> Any: ...


class TablePhotos:
    """Photos in a column of a table, or the paths of files. Implements `Photos`."""

    def __init__(
        self, column: Column, names: Sequence[str], root: Path | None, *, embedded: bool = False
    ) -> None:
        """`names`: of each row, for photos that are no file of their own. `root`: where relative paths start.

        `embedded`: no photo is a file of its own, which needs not be looked up for each.
        """
        self._column = column
        self._names = names
        self._root = root
        self._embedded = embedded

    def name(self, row: int) -> str:
        return (None if self._embedded else self._file(self._column[row])) or self._names[row]

    def within(self, row: int) -> str:
        # A file of the hub's lies wherever it was downloaded to.
        return self._names[row] if self._root is None else within(self.name(row), self._root)

    def encoded(self, row: int) -> bytes:
        value = self._column[row]
        content = value.get("bytes") if isinstance(value, dict) else value
        if isinstance(content, bytes):
            return content
        path = self._file(value)
        if path is None:
            raise ImageError(f"{self._names[row]} has no image; give one a row.")
        return read_file(path)

    def stamp(self, row: int) -> bytes | None:
        path = None if self._embedded else self._file(self._column[row])
        return None if path is None else file_stamp(path, self._root)

    def _file(self, value: Any) -> str | None:
        path = value.get("path") if isinstance(value, dict) and value.get("bytes") is None else value
        if not isinstance(path, str) or not path:
            return None
        if self._root is None:  # from the hub: only what was downloaded has a full path
            return path if os.path.isabs(path) else None
        return os.path.join(self._root, path)


def saved_photos(data_files: DataFiles) -> Labelled:
    """The photos of a folder that Hugging Face's `save_to_disk` wrote; raises what `parquet_photos` does."""
    pyarrow, root = import_pyarrow(), data_files.path
    try:
        parts = {TRAIN: root}
        if (root / "dataset_dict.json").is_file():
            parts = {name: root / name for name in _names(_described(root / "dataset_dict.json")["splits"])}
        tables = {}
        for split, folder in parts.items():
            described = _described(folder / "state.json")["_data_files"]
            files = [folder / name for name in _names(each["filename"] for each in described)]
            tables[split] = pyarrow.concat_tables([_mapped(str(file)) for file in files])
            size = sum(map(os.path.getsize, files))
            check_rows(tables[split].num_rows, size, str(folder))
    except (OSError, ValueError, LookupError, TypeError, RuntimeError, pyarrow.ArrowException) as error:
        if isinstance(error, FormatError):
            raise
        raise FormatError(f"{root} cannot be read ({reason(error)}); give {ACCEPTED}.") from error
    return table_photos(tables, str(root), root)


def _described(file: Path) -> Any:
    with open_regular(file) as opened:
        return json.loads(opened.read(MAX_BYTES))  # one that is longer ends too early


def _names(given: Iterable[Any]) -> list[str]:
    """Those `given`; raises `ValueError` for any that is no plain name of its own: each file is read once."""
    names = list(given)
    for name in names:
        if not (isinstance(name, str) and may_be_path(name) and Path(name).name == name and name.strip(".")):
            raise ValueError(f"{str(name)[:60]!r} is no name of a file in a folder")
    if len(set(names)) < len(names):
        raise ValueError("a file is named twice")
    return names


def _mapped(path: str) -> Any:
    """The table of the Arrow stream in the file `path`, mapped into memory rather than read."""
    pyarrow = import_pyarrow()
    open_regular(path).close()  # a pipe would be waited for
    with pyarrow.memory_map(path) as file:
        if has_compressed_columns(pyarrow.ipc.MessageReader.open_stream(file)):
            raise ValueError("it is compressed, which save_to_disk never does; save it again")
        file.seek(0)
        table = pyarrow.ipc.open_stream(file).read_all()
    table.validate(full=True)  # a damaged offset would end the process
    return table


def table_photos(tables: Mapping[str, Any], where: str, root: Path | None) -> Labelled:
    """The photos of Arrow tables by split; `where` names the data in messages."""
    pyarrow = import_pyarrow()
    labels: list[Any] = []
    splits: list[str] = []
    names: list[str] = []
    unread: dict[str, None] = {}
    images = []
    known: tuple[str, ...] | None = None
    try:
        for split, table in tables.items():
            columns = columns_of(table.schema, f"the {split} split of {where}")
            images.append(table.column(columns.image))
            unread |= dict.fromkeys(columns.unread)
            for chunk in table.column(columns.label).chunks:
                labels += values_of(chunk)
            splits += [split_called(split) or split] * table.num_rows
            names += [f"{split}#{row}" for row in range(table.num_rows)]
            known = known or class_names(table.schema, columns.label)
        column = _Rows(pyarrow.chunked_array([chunk for image in images for chunk in image.chunks]))
    except (ValueError, pyarrow.ArrowException) as error:
        if isinstance(error, FormatError):
            raise
        raise FormatError(
            f"The splits of {where} cannot be read together ({reason(error)}); give them alike."
        ) from error
    photos = TablePhotos(column, names, root)
    return Labelled(photos, labels, splits, known, unread=tuple(unread))


def values_of(column: Any) -> list[Any]:
    """Those of an array; those of a dictionary, such as pandas' categories, once each.

    Raises `ValueError` for texts that are views, of which many may show the same bytes.
    """
    if str(column.type).endswith("_view"):
        raise ValueError(f"it has labels of type {column.type}; save it again with string")
    if not hasattr(column, "dictionary"):
        return column.to_pylist()
    known = values_of(column.dictionary)
    return [None if index is None else known[index] for index in column.indices.to_pylist()]


class _Rows:
    """A column of a table that lies in memory or is mapped into it."""

    def __init__(self, column: Any) -> None:
        self._column = column

    def __getitem__(self, row: int) -> Any:
        return self._column[row].as_py()


def check_rows(rows: int, size: int, where: str) -> None:
    """Raises `FormatError` for more rows than fit into `size` bytes: a few of them may claim billions."""
    if rows > min(MAX_ROWS, size):
        raise FormatError(
            f"{where} has {rows:,} rows in {size:,} bytes; give at most {MAX_ROWS:,}, and a byte for each."
        )


def columns_of(schema: Any, where: str) -> Columns:
    """The columns of images, labels and splits; raises `FormatError` where one is missing.

    Images are told by Hugging Face's type, else as records with bytes, else by the column's name.
    """
    features = _features(schema)
    kinds = {name: feature.get("_type") for name, feature in features.items() if isinstance(feature, dict)}
    images = [name for name in schema.names if kinds.get(name) == "Image"]
    images = images or [field.name for field in schema if _is_record(field.type)]
    labels = [name for name in schema.names if kinds.get(name) == "ClassLabel"]
    columns = choose(schema.names, where, images, labels)
    image = schema.field(columns.image).type
    if not _is_image(image) or not _has_text_names(image):
        raise FormatError(
            f"Column {columns.image!r} of {where} holds no images; give encoded images or paths."
        )
    return columns


def class_names(schema: Any, column: str) -> tuple[str, ...] | None:
    """The names of the classes that a label column numbers; None where Hugging Face's type has none."""
    feature = _features(schema).get(column)
    names = feature.get("names") if isinstance(feature, dict) else None
    return tuple(map(str, names)) if isinstance(names, list) and names else None


def is_path(type: Any) -> bool:
    """Whether values of an Arrow `type` are text, such as paths."""
    return str(type) in ("string", "large_string", "string_view")


def _is_record(type: Any) -> bool:
    return str(type).startswith("struct") and type.get_field_index("bytes") >= 0


def _is_image(type: Any) -> bool:
    return _is_record(type) or is_path(type) or str(type) in ("binary", "large_binary", "binary_view")


def _has_text_names(type: Any) -> bool:
    """Whether the fields of a record have names that are text: pyarrow reads a record by them."""
    try:
        return all(isinstance(field.name, str) for field in type) if _is_record(type) else True
    except UnicodeDecodeError:
        return False


def _features(schema: Any) -> dict[str, Any]:
    try:
        features = json.loads((schema.metadata or {}).get(FEATURES, b"{}"))["info"]["features"]
    except (ValueError, LookupError, TypeError, RecursionError):
        return {}
    return features if isinstance(features, dict) else {}


def import_pyarrow() -> Any:
    """pyarrow with `pyarrow.parquet`; raises `MissingExtraError`."""
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise missing(
            "Reading Parquet and Arrow needs pyarrow", "parquet", ", or give a folder of folders"
        ) from error
    return pyarrow


def reason(error: BaseException) -> str:
    """The first line of `error`'s message, at most 200 characters, without the full stop."""
    lines = str(error).strip().splitlines()
    return printable(lines[0].rstrip(".")[:200]) if lines else type(error).__name__
