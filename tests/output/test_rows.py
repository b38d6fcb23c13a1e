"""Rows as records, JSON and CSV: exact numbers in the fewest digits, any path."""

import csv
import io
import json
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas
import polars
import pyarrow.json
import pytest
from helpers.written_rows import SETS
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inception_hub.inference.predictions import Prediction
from inception_hub.inference.row import Row
from inception_hub.output.rows import JsonLines, PredictionsCsv, VectorsCsv, as_record, shortest
from inception_hub.system.text import FORMULA_STARTS, csv_path, encoded, printable, text_path

CAT = Row(
    "cat.jpg", "m", predictions=(Prediction("tabby, cat", 282, np.float32(0.7)), Prediction("lynx", 288, 0.1))
)
VECTOR = Row("cat.jpg", "m", vector=np.array([0.1, 0, 3], np.float32))
ERROR = Row("bad.jpg", "m", error="bad.jpg is damaged.")


def parsed(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text)))


def test_records() -> None:
    assert as_record(CAT) == {
        "path": "cat.jpg",
        "module": "m",
        "predictions": [
            {"label": "tabby, cat", "index": 282, "probability": 0.7},
            {"label": "lynx", "index": 288, "probability": 0.1},
        ],
    }
    assert as_record(VECTOR) == {"path": "cat.jpg", "module": "m", "vector": [0.1, 0.0, 3.0]}
    assert as_record(ERROR) == {"path": "bad.jpg", "module": "m", "error": "bad.jpg is damaged."}


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.floats(-(2.0**100), 2.0**100, width=32))
def test_numbers_are_exact_in_the_fewest_digits(value: float) -> None:
    text = json.dumps(shortest(value))
    assert np.float32(json.loads(text)) == np.float32(value)
    fewest = next(n for n in range(9) if np.float32(f"{value:.{n}e}") == np.float32(value))
    assert significant_digits(text) <= fewest + 1


def significant_digits(text: str) -> int:
    return len(Decimal(text).normalize().as_tuple().digits)


def test_json_lines() -> None:
    lines = JsonLines()
    text = "".join(map(lines.row, (CAT, VECTOR, ERROR))) + lines.end()
    assert [json.loads(line) for line in text.splitlines()] == [
        as_record(row) for row in (CAT, VECTOR, ERROR)
    ]
    assert '"probability": 0.7}' in text
    assert "猫" in lines.row(Row("猫.jpg", "m", error="no"))


def test_everybody_reads_json_with_paths_of_stray_bytes(tmp_path: Path) -> None:
    """One such name costs no other row: pandas, polars, pyarrow and Hugging Face refuse half characters."""
    path = b"caf\xe9\n.jpg".decode("utf-8", "surrogateescape")
    rows = [Row(path, "m", error=f"{path} is damaged."), Row("é.jpg", "\ud83dm", error="no")]
    lines = encoded("".join(map(JsonLines().row, rows)))
    assert lines.count(b"\n") == 2
    records = [json.loads(line) for line in lines.decode("utf-8").splitlines()]
    assert [text_path(record["path"]) for record in records] == [path, "é.jpg"]
    file = tmp_path / "rows.jsonl"
    file.write_bytes(lines)
    expected = ["caf\\udce9\n.jpg", "é.jpg"]
    datasets = pytest.importorskip("datasets")
    table = datasets.load_dataset("json", data_files=str(file), split="train", cache_dir=str(tmp_path))
    read = {
        "pandas": list(pandas.read_json(file, lines=True)["path"]),
        "polars": polars.read_ndjson(file)["path"].to_list(),
        "pyarrow": pyarrow.json.read_json(file)["path"].to_pylist(),
        "datasets": table["path"],
    }
    assert {name: list(paths) for name, paths in read.items()} == dict.fromkeys(read, expected)


def test_csv_of_predictions() -> None:
    text = PredictionsCsv()
    lines = parsed(text.header() + text.row(CAT) + text.row(ERROR) + text.end())
    assert lines == [
        ["path", "module", "rank", "label", "index", "probability", "error"],
        ["cat.jpg", "m", "1", "tabby, cat", "282", "0.7", ""],
        ["cat.jpg", "m", "2", "lynx", "288", "0.1", ""],
        ["bad.jpg", "m", "", "", "", "", "bad.jpg is damaged."],
    ]


def test_csv_of_vectors() -> None:
    text = VectorsCsv(3)
    assert parsed(text.header() + text.row(ERROR) + text.row(VECTOR) + text.end()) == [
        ["path", "module", "error", "v0", "v1", "v2"],
        ["bad.jpg", "m", "bad.jpg is damaged.", "", "", ""],
        ["cat.jpg", "m", "", "0.1", "0.0", "3.0"],
    ]


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")))
def test_csv_is_one_printable_line_whatever_the_path(path: str) -> None:
    text = PredictionsCsv().row(Row(path, "m", error="no"))
    assert text.endswith("\n") and printable(text[:-1]) == text[:-1]
    written = next(csv.reader(io.StringIO(text, newline="")))[0]
    assert written == (path if path.isprintable() and path[:1] not in FORMULA_STARTS else csv_path(path))


def test_spreadsheets_compute_nothing() -> None:
    predictions = (Prediction("=1+1", 0, np.float32(0.5)), Prediction("@SUM(A1)", 1, np.float32(0.5)))
    text = PredictionsCsv()
    lines = parsed(
        text.row(Row("-2.jpg", "=m", predictions=predictions)) + text.row(Row("a\tb", "m", error="+b is no"))
    )
    assert lines == [
        ["./-2.jpg", "'=m", "1", "'=1+1", "0", "0.5", ""],
        ["./-2.jpg", "'=m", "2", "'@SUM(A1)", "1", "0.5", ""],
        ["a\\tb", "m", "", "", "", "", "'+b is no"],
    ]
    vectors = VectorsCsv(1)
    assert parsed(vectors.row(Row("=1", "+m", error="=2"))) == [["./=1", "'+m", "'=2", ""]]


def test_sets_of_a_coverage() -> None:
    records = [as_record(row) for row in SETS]
    assert [record.get("unknown") for record in records] == [False, False, True, True, None]
    assert records[1] == {"path": "photos/odd.jpg", "module": "tiny", "predictions": [], "unknown": False}
    assert list(records[0]) == ["path", "module", "predictions", "unknown"]
    lines = PredictionsCsv(sets=True)
    header, *rows = parsed(lines.header() + "".join(map(lines.row, SETS)))
    assert header == ["path", "module", "rank", "label", "index", "probability", "unknown", "error"]
    assert [(row[0], row[2], row[6]) for row in rows] == [
        ("photos/cat.jpg", "1", "false"),
        ("photos/cat.jpg", "2", "false"),
        ("photos/odd.jpg", "", "false"),
        ("photos/ufo.jpg", "1", "true"),
        ("photos/new.jpg", "", "true"),
        ("photos/bad.jpg", "", ""),
    ]
    assert rows[-1][-1] == "photos/bad.jpg is damaged; give an intact file."
