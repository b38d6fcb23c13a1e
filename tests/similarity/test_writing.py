"""Rows are written in every format; what exists is left alone; torn off, whole rows stay."""

import csv
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from inception_hub.errors import OutputError
from inception_hub.similarity.rows import AnyRow, DuplicateRow, Similar, SimilarRow
from inception_hub.similarity.writing import write_rows

ROWS: list[AnyRow] = [
    SimilarRow("a.jpg", "m", (Similar("b.jpg", 0.75), Similar("c\udcff.jpg", 0.5))),
    SimilarRow("bad.jpg", "m", error="bad.jpg is damaged."),
]
GROUPS: list[AnyRow] = [
    DuplicateRow("a.jpg", "m", 1, 0.75),
    DuplicateRow("b.jpg", "m", error="b.jpg is bad."),
]


def test_json_lines(tmp_path: Path) -> None:
    path = tmp_path / "below" / "rows.jsonl"
    write_rows(ROWS, SimilarRow, "jsonl", path)
    assert [json.loads(line) for line in path.read_text().splitlines()] == [row.record() for row in ROWS]


def test_csv(tmp_path: Path) -> None:
    for rows, kind in ((ROWS, SimilarRow), (GROUPS, DuplicateRow)):
        path = tmp_path / f"{kind.__name__}.csv"
        write_rows(rows, kind, "csv", path)
        with path.open(newline="") as file:
            lines = list(csv.reader(file))
        assert lines[0] == list(kind.HEADER)
        expected = [[str(field) for field in line] for row in rows for line in row.lines()]
        assert [
            [field.encode("utf-8", "backslashreplace").decode() for field in line] for line in expected
        ] == lines[1:]


def test_text(tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    write_rows(GROUPS, DuplicateRow, "table", tmp_path / "rows")
    text = (tmp_path / "rows").read_text()
    assert text == "    1   0.750  █████████     a.jpg\nb.jpg\n  b.jpg is bad.\n"


def test_parquet(tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet", reason="pyarrow is not installed")
    write_rows(ROWS, SimilarRow, "parquet", tmp_path / "a.parquet")
    first, second = parquet.read_table(tmp_path / "a.parquet").to_pylist()
    assert first["similar"] == ROWS[0].record()["similar"] and first["error"] is None
    assert (second["similar"], second["error"]) == (None, "bad.jpg is damaged.")
    write_rows(GROUPS, DuplicateRow, "parquet", tmp_path / "b.parquet")
    assert parquet.read_table(tmp_path / "b.parquet").column("group").to_pylist() == [1, None]
    assert [each.name for each in sorted(tmp_path.iterdir())] == ["a.parquet", "b.parquet"]


@pytest.mark.parametrize("format", ["jsonl", "csv", "table", "parquet"])
def test_what_exists_is_left_alone(format: str, tmp_path: Path) -> None:
    path = tmp_path / "rows"
    path.write_text("mine")
    with pytest.raises(OutputError, match="rows exists and is left as it is"):
        write_rows(GROUPS, DuplicateRow, format, path)  # pyright: ignore[reportArgumentType]
    assert path.read_text() == "mine"


@pytest.mark.parametrize("format", ["jsonl", "parquet"])
def test_an_error_leaves_nothing(format: str, tmp_path: Path) -> None:
    def rows() -> Iterator[AnyRow]:
        yield GROUPS[0]
        raise KeyboardInterrupt

    path = tmp_path / "rows"
    with pytest.raises(KeyboardInterrupt):
        write_rows(rows(), DuplicateRow, format, path)  # pyright: ignore[reportArgumentType]
    assert not list(tmp_path.iterdir())
