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
    """Sections of the page, in order: the command that writes the table, and where the table stands."""
    text = rows.PAGE.read_text("utf-8")
    opened = re.findall(r"^<!-- (\w+) -->$", text, re.MULTILINE)
    assert len(opened) == 9 and re.findall(r"^<!-- /(\w+) -->$", text, re.MULTILINE) == opened
    for section in text.split("\n## ")[1:]:
        for name in re.findall(r"^<!-- (\w+) -->$", section, re.MULTILINE):
            commands = re.findall(r"`python (\S+\.py)[^`]*--write-docs[^`]*`", section)
            (script,) = {Path(command) for command in commands}
            assert script.stem == name
            source = (BENCHMARKS.parent / script).read_text("utf-8")
            assert f'"{name}"' in source, f"{script} writes no table called {name}"
