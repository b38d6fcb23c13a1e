"""The page of docs/reliability.md: its rows, and a place for each script's table."""

import re
from pathlib import Path
from types import ModuleType

import pytest

BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"


@pytest.fixture
def rows(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(BENCHMARKS)
    monkeypatch.syspath_prepend(BENCHMARKS / "reliability")
    import rows

    return rows


def test_a_row_counts_what_is_left(rows: ModuleType) -> None:
    row = rows.Row("flips", 1000, 600, 399, seconds=0.125)
    assert row.other == 1
    assert "| flips | 1,000 | 600 | 399 | **1** | 0.12 |  |" in rows.table([row])


def test_anything_else_is_a_failure(rows: ModuleType) -> None:
    rows.report("none", [rows.Row("flips", 3, 1, 2)], write_docs=False)
    with pytest.raises(SystemExit):
        rows.report("none", [rows.Row("flips", 3, 1, 1)], write_docs=False)


def test_every_table_has_its_script_and_place(rows: ModuleType) -> None:
    text = rows.PAGE.read_text("utf-8")
    names = re.findall(r"^<!-- (\w+) -->$", text, re.MULTILINE)
    assert names and len(set(names)) == len(names)
    for name in names:
        assert text.count(f"<!-- /{name} -->") == 1
