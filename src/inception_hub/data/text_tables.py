"""Tables of text with the paths and labels of photos: CSV as people and programs write it, and JSON lines."""

import codecs
import csv
import json
import os
import re
from collections.abc import Iterable, Mapping
from io import StringIO
from typing import Any

from ..errors import FormatError
from ..images.find import EXTENSIONS
from ..system.regular import read_bounded
from ..system.text import printable
from .columns import is_known
from .splits import split_called

MAX_BYTES = 256 << 20  # of a table; a million rows have some 60 MB
MAX_COLUMNS, MAX_VALUES = 1000, 20_000_000  # in memory each takes some fifty bytes more than in the file
DELIMITERS = (",", ";", "\t", "|")
MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
SEPARATOR = re.compile(r'"?sep=([^\w\s"\0-\x1f]|\t)"?\r?\n')  # a line of Excel's; no quote separates
SAMPLE = 1000  # rows that tell what a column without a name holds

Table = dict[str, list[Any]]  # by column the value of each row


def read_table(path: str) -> Table:
    """The columns of a CSV file or of JSON lines; raises `FormatError` for what cannot be read."""
    content = read_bounded(path, MAX_BYTES, "give a table of text")
    mark, encoding = next(((m, e) for m, e in MARKS if content.startswith(m)), (b"", "utf-8"))
    try:
        # Paths may be no text; what is none in a label becomes an escape.
        text = content[len(mark) :].decode(encoding, "surrogateescape")
    except UnicodeDecodeError as error:
        raise FormatError(f"{path} is no text at byte {error.start}; save it as UTF-8.") from error
    if path.lower().endswith((".jsonl", ".ndjson")):
        return _json_lines(text, path)
    return _csv(text, path)


def _json_lines(text: str, path: str) -> Table:
    records: list[Mapping[str, Any]] = []
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
            if not isinstance(record, dict):
                raise ValueError("no object")
        except (ValueError, RecursionError) as error:
            raise FormatError(
                f"Line {number} of {path} is no JSON object ({printable(str(error)[:100])}); give one a line."
            ) from error
        records.append(record)
    names: dict[str, None] = {}
    for record in records:
        names |= dict.fromkeys(record)
        _check_size(len(names), len(names) * len(records), path)
    return {name: [record.get(name) for record in records] for name in names}


def _csv(text: str, path: str) -> Table:
    if told := SEPARATOR.match(text):
        text = text[told.end() :]
    first = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = told[1] if told else max(DELIMITERS, key=first.count)
    _check_size(first.count(delimiter), text.count(delimiter), path)
    rows: list[list[str]] = []
    reader = csv.reader(StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True, strict=True)
    try:
        for row in reader:
            if not any(value.strip() for value in row):
                continue
            if rows and len(row) != len(rows[0]):
                raise FormatError(
                    f"Line {reader.line_num} of {path} has {len(row)} fields and its first line "
                    f"{len(rows[0])}; give one for each column."
                )
            rows.append([value.strip() for value in row])
    except csv.Error as error:
        raise FormatError(
            f"Line {reader.line_num} of {path} is no CSV ({printable(str(error))}); mend it."
        ) from error
    if not rows:
        raise FormatError(f"{path} has no rows; give a photo and its label a line.")
    if any(map(is_known, rows[0])) or not any(map(_is_photo, rows[0])):
        names, rows = rows[0], rows[1:]
    else:
        names = _named(rows, path)
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise FormatError(f"{path} has two columns called {twice[:60]!r}; name each differently.")
    return {name: [row[place] for row in rows] for place, name in enumerate(names)}


def _check_size(columns: int, values: int, path: str) -> None:
    if columns > MAX_COLUMNS or values > MAX_VALUES:
        raise FormatError(
            f"{path} has {columns:,} columns and {values:,} values; give at most {MAX_COLUMNS:,} and "
            f"{MAX_VALUES:,}."
        )


def _named(rows: list[list[str]], path: str) -> list[str]:
    """Names of the columns of a table without a first line for them, by what they hold."""
    columns = [[row[place] for row in rows[:SAMPLE]] for place in range(len(rows[0]))]
    names = ["path" if all(map(_is_photo, column)) else "split" if _are_splits(column) else "label"
             for column in columns]  # fmt: skip
    if sorted(set(names) - {"split"}) != ["label", "path"] or len(set(names)) < len(names):
        raise FormatError(
            f"{path} has no line of names and {len(names)} columns, of which only a photo's path, its label "
            "and its split are known; name them path, label and split in its first line."
        )
    return names


def _is_photo(value: str) -> bool:
    return os.path.splitext(value)[1].lower() in EXTENSIONS


def _are_splits(values: Iterable[str]) -> bool:
    return all(split_called(value) for value in values)
