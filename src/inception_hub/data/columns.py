"""Photos and labels from the columns of a table that Hugging Face `datasets` loaded."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..errors import FormatError, ImageError
from .folders import file_stamp, read_file

IMAGE_NAMES = ("image", "img", "path")  # columns tried in this order where none has the type of an image
LABEL_NAMES = ("label", "labels", "cls", "class")


class TablePhotos:
    """Photos of one split in Arrow: bytes, or the path of a file below `root`. Implements `Photos`."""

    def __init__(self, table: Any, column: str, names: list[str], root: Path | None) -> None:
        """`names`: of each row, used for photos that are no file of their own."""
        import pyarrow.compute

        compute: Any = pyarrow.compute
        images = table.data.column(column)
        self._bytes: Any = compute.struct_field(images, "bytes")
        self._paths: list[str | None] = compute.struct_field(images, "path").to_pylist()
        self._embedded: list[bool] = self._bytes.is_valid().to_pylist()
        self._names = names
        self._root = root

    def name(self, row: int) -> str:
        path = self._file(row)
        return self._names[row] if path is None else path

    def encoded(self, row: int) -> bytes:
        if self._embedded[row]:
            return self._bytes[row].as_py()
        path = self._file(row)
        if path is None:
            raise ImageError(f"{self._names[row]} has no image; give one a row.")
        return read_file(path)

    def stamp(self, row: int) -> bytes | None:
        path = self._file(row)
        return None if path is None else file_stamp(path, self._root)

    def _file(self, row: int) -> str | None:
        path = self._paths[row]
        if self._embedded[row] or path is None:
            return None
        if self._root is None:  # from the hub: only what was downloaded has a full path
            return path if os.path.isabs(path) else None
        return os.path.join(self._root, path)


def photos_of(table: Any, split: str, files: list[str], root: Path | None) -> TablePhotos:
    """The photos of a `datasets.Dataset`; raises `FormatError` if no column holds images.

    `files`: what the table was read from; `root`: the folder that relative paths in it start from.
    """
    import datasets

    column = _image_column(table)
    if column is None:
        raise FormatError(_missing_column("images", "image (path in a CSV)", table, files, split))
    try:
        undecoded = table.cast_column(column, datasets.Image(decode=False))
    except Exception as error:
        raise FormatError(
            f"Column {column!r} of {_origin(files, split)} holds no images; give encoded images or paths."
        ) from error
    return TablePhotos(undecoded, column, list(_row_names(table, split, files, column)), root)


def labels_of(table: Any, split: str, files: list[str]) -> tuple[list[Any], tuple[str, ...] | None]:
    """The label of each row of a `datasets.Dataset`, and the classes' names where the table has them.

    Raises `FormatError` if no column holds labels.
    """
    import datasets

    features, column = table.features, _label_column(table)
    if column is not None:
        names = features[column].names if isinstance(features[column], datasets.ClassLabel) else None
        return table.data.column(column).to_pylist(), tuple(names) if names else None
    if isinstance(features.get("json"), dict) and "label" in features["json"]:
        return [record and record["label"] for record in table.data.column("json").to_pylist()], None
    raise FormatError(_missing_column("labels", "label", table, files, split))


def unread_columns(table: Any) -> list[str]:
    """The columns of a `datasets.Dataset` that are neither the photos nor their labels."""
    label = _label_column(table) or "json"
    return [name for name in table.features if name not in (_image_column(table), label) and name[:2] != "__"]


def _image_column(table: Any) -> str | None:
    import datasets

    images = [name for name, feature in table.features.items() if isinstance(feature, datasets.Image)]
    return next(iter(images or [name for name in IMAGE_NAMES if name in table.features]), None)


def _label_column(table: Any) -> str | None:
    import datasets

    typed = (name for name, feature in table.features.items() if isinstance(feature, datasets.ClassLabel))
    return next((name for name in LABEL_NAMES if name in table.features), next(typed, None))


def _row_names(table: Any, split: str, files: list[str], column: str) -> Iterator[str]:
    if "__url__" in table.features:
        urls, keys = (table.data.column(name).to_pylist() for name in ("__url__", "__key__"))
        for url, key in zip(urls, keys, strict=True):
            yield f"{os.path.basename(url)}#{key}.{column}"
    elif files and all(file.lower().endswith(".parquet") for file in files):
        import pyarrow.parquet

        for file in files:
            for row in range(pyarrow.parquet.read_metadata(file).num_rows):
                yield f"{os.path.basename(file)}#{row}"
    else:
        yield from (f"{split}#{row}" for row in range(len(table)))


def _missing_column(what: str, name: str, table: Any, files: list[str], split: str) -> str:
    columns = ", ".join(table.features)
    return f"There is no column of {what} among {columns} in {_origin(files, split)}; name one {name}."


def _origin(files: list[str], split: str) -> str:
    return files[0] if files else f"the {split} split"
