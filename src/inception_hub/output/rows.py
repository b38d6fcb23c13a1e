"""Rows as records, as lines of JSON and as lines of CSV.

Knows no files. A path that is not text (Linux allows any bytes) is written with escapes such as `\\udcff`:
`system.text.text_path` gives the path of a JSON line back.
"""

import csv
import io
from typing import Any, Protocol

import numpy as np

from ..inference.row import Row
from ..system.text import csv_path, csv_text, json_text, path_text


def as_record(row: Row) -> dict[str, Any]:
    """JSON-ready: `path`, `module`, and `predictions` (`label`, `index`, `probability`), `vector` or `error`.

    `unknown` stands behind predictions that are a set for a coverage.
    Numbers are shortened to the fewest digits that read back as the same float32.
    """
    record: dict[str, Any] = {"path": row.path, "module": row.module}
    if row.predictions is not None:
        record["predictions"] = [
            {"label": p.label, "index": p.index, "probability": shortest(p.probability)}
            for p in row.predictions
        ]
        if row.unknown is not None:
            record["unknown"] = row.unknown
    elif row.vector is not None:
        record["vector"] = [shortest(value) for value in row.vector]
    else:
        record["error"] = row.error
    return record


def shortest(value: float | np.float32) -> float:
    """The float whose `repr` is the shortest decimal that reads back as float32 `value`, such as 0.1."""
    return float(str(np.float32(value)))


class TextFormat(Protocol):
    """Turns rows into text: `header` comes before the first, `end` after the last, even if there is none."""

    def header(self) -> str: ...
    def row(self, row: Row) -> str: ...
    def end(self) -> str: ...


class JsonLines:
    """One JSON object a line, `as_record`'s."""

    def header(self) -> str:
        return ""

    def row(self, row: Row) -> str:
        return json_text(as_record(row) | {"path": path_text(row.path)}) + "\n"

    def end(self) -> str:
        return ""


class PredictionsCsv:
    """A line per path and rank (1 is the best); an error is one line with empty rank to probability.

    `sets`: the predictions are sets for a coverage, with the column `unknown` (true, false); an empty set is
    one line, as an error is.
    """

    def __init__(self, sets: bool = False) -> None:
        self._sets = sets

    def header(self) -> str:
        unknown = ["unknown"] if self._sets else []
        return csv_line("path", "module", "rank", "label", "index", "probability", *unknown, "error")

    def row(self, row: Row) -> str:
        unknown = [] if not self._sets else [json_text(row.unknown) if row.unknown is not None else ""]
        if not row.predictions:
            return _csv(row, "", "", "", "", *unknown, csv_text(row.error or ""))
        return "".join(
            _csv(row, rank, csv_text(p.label), p.index, shortest(p.probability), *unknown, "")
            for rank, p in enumerate(row.predictions, 1)
        )

    def end(self) -> str:
        return ""


class VectorsCsv:
    """A line per path: path, module, error, v0, v1, ... up to `length`; the numbers of an error are empty."""

    def __init__(self, length: int) -> None:
        self._length = length

    def header(self) -> str:
        return csv_line("path", "module", "error", *(f"v{i}" for i in range(self._length)))

    def row(self, row: Row) -> str:
        values = [""] * self._length if row.vector is None else map(shortest, row.vector)
        return _csv(row, csv_text(row.error or ""), *values)

    def end(self) -> str:
        return ""


def _csv(row: Row, *fields: Any) -> str:
    return csv_line(csv_path(row.path), csv_text(row.module), *fields)


def csv_line(*fields: Any) -> str:
    """A line of CSV, with its end."""
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(fields)
    return line.getvalue()
