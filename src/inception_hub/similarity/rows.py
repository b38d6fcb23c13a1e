"""Rows of similar photos and of near-duplicates, as records, lines of CSV, Parquet's columns and text."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..output.rows import shortest
from ..output.table import bar
from ..system.text import csv_path, csv_text, path_text, printable

if TYPE_CHECKING:
    import pyarrow as pa

BAR = 12  # characters of a bar in text


@dataclass(frozen=True)
class Similar:
    """A photo and how similar it is to the query: the cosine of their vectors, from -1 to 1."""

    path: str
    similarity: float


@dataclass(frozen=True)
class SimilarRow:
    """The photos most similar to the one at `path`, by the vectors of `module` (its name).

    One of these is given: `similar`, best first; `error`, one sentence.
    """

    path: str
    module: str
    similar: tuple[Similar, ...] | None = None
    error: str | None = None

    HEADER = ("path", "module", "rank", "similar", "similarity", "error")

    def record(self) -> dict[str, Any]:
        """JSON-ready: `path`, `module`, and `similar` (`path`, `similarity`) or `error`."""
        start = {"path": path_text(self.path), "module": self.module}
        if self.similar is None:
            return start | {"error": self.error}
        return start | {
            "similar": [
                {"path": path_text(each.path), "similarity": shortest(each.similarity)}
                for each in self.similar
            ]
        }

    def lines(self) -> Iterator[tuple[Any, ...]]:
        """Of CSV: one for each rank, from 1, or one with the error."""
        start = csv_path(self.path), csv_text(self.module)
        if self.similar is None:
            yield *start, "", "", "", csv_text(self.error or "")
        for rank, each in enumerate(self.similar or (), 1):
            yield *start, rank, csv_path(each.path), shortest(each.similarity), ""

    def text(self) -> list[str]:
        """Lines for people."""
        if self.similar is None:
            return [printable(self.path), f"  {printable(self.error or '')}", ""]
        lines = [_line(each.similarity, each.path) for each in self.similar]
        return [printable(self.path), *(lines or ["  nothing to compare it with"]), ""]

    @staticmethod
    def schema() -> "pa.Schema":
        """Parquet's columns."""
        import pyarrow as pa

        similar = pa.struct([("path", pa.string()), ("similarity", pa.float32())])
        text = pa.string()
        fields = [("path", text), ("module", text), ("similar", pa.list_(pa.field("element", similar)))]
        return pa.schema([*fields, ("error", text)])


@dataclass(frozen=True)
class DuplicateRow:
    """A photo of a group of near-duplicates, or one that cannot be read.

    `group`: its number, from 1; the rows of a group follow each other. `score`: the correlation of its fine
    detail with that of another photo of the group, at most 1. Else `error`, one sentence.
    """

    path: str
    module: str
    group: int | None = None
    score: float | None = None
    error: str | None = None

    HEADER = ("path", "module", "group", "score", "error")

    def record(self) -> dict[str, Any]:
        """JSON-ready: `path`, `module`, and `group` and `score`, or `error`."""
        start: dict[str, Any] = {"path": path_text(self.path), "module": self.module}
        if self.score is None:
            return start | {"error": self.error}
        return start | {"group": self.group, "score": shortest(self.score)}

    def lines(self) -> Iterator[tuple[Any, ...]]:
        """Of CSV: one."""
        score = "" if self.score is None else shortest(self.score)
        group = "" if self.group is None else self.group
        yield csv_path(self.path), csv_text(self.module), group, score, csv_text(self.error or "")

    def text(self) -> list[str]:
        """Lines for people."""
        if self.score is None:
            return [printable(self.path), f"  {printable(self.error or '')}"]
        return [f"{self.group:>5}{_line(self.score, self.path)}"]

    @staticmethod
    def schema() -> "pa.Schema":
        """Parquet's columns."""
        import pyarrow as pa

        text = pa.string()
        numbers = [("group", pa.int64()), ("score", pa.float32())]
        return pa.schema([("path", text), ("module", text), *numbers, ("error", text)])


AnyRow = SimilarRow | DuplicateRow


def _line(value: float, path: str) -> str:
    return f"  {value:6.3f}  {bar(max(value, 0), BAR):{BAR}}  {printable(path)}"
