"""The page of docs/reliability.md: its rows, and a place for each script's table."""

import re
import subprocess
import sys
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
    assert len(opened) == 15 and re.findall(r"^<!-- /(\w+) -->$", text, re.MULTILINE) == opened
    for section in text.split("\n## ")[1:]:
        for name in re.findall(r"^<!-- (\w+) -->$", section, re.MULTILINE):
            commands = re.findall(r"`python (\S+\.py)[^`]*--write-docs[^`]*`", section)
            (script,) = {Path(command) for command in commands}
            assert script.stem == name
            source = (BENCHMARKS.parent / script).read_text("utf-8")
            assert f'"{name}"' in source, f"{script} writes no table called {name}"


@pytest.fixture
def replay(rows: ModuleType) -> ModuleType:
    import replay

    return replay


def test_a_power_cut_keeps_what_was_flushed_and_the_order_of_names(
    replay: ModuleType, tmp_path: Path
) -> None:
    from disk import Operation

    def path(name: str) -> str:
        return str(tmp_path / name)

    operations = [
        Operation("create", 2, 0, path("new")),
        Operation("write", 2, 0, path("new"), data=b"abcd"),
        Operation("flush", 2, 0, path("new")),
        Operation("write", 2, 4, path("new"), data=b"efgh"),
        Operation("rename", 2, 0, path("new"), path("old")),
        Operation("flush", 9, 0, str(tmp_path)),
        Operation("create", 3, 0, path("later")),
    ]
    recording = replay.Recording(tmp_path, {"old": b"before"}, {"old": 1}, operations)
    assert recording.state(7, 7, ["all"], 0) == {"old": b"abcdefgh", "later": b""}
    assert recording.state(7, 5, ["lost"], 0) == {"old": b"abcd"}
    assert recording.state(7, 5, ["zeros"], 0) == {"old": b"abcd\0\0\0\0"}
    assert recording.state(4, 1, ["lost"], 0) == {"old": b"before", "new": b"abcd"}
    assert recording.state(2, 0, ["lost"], 0) == {"old": b"before"}
    assert [recording.least_names(cut) for cut in (5, 6, 7)] == [0, 5, 5]
    states = [state for _, state in recording.cuts(300, seed=0)]
    found = {state["old"] for state in states}
    assert {b"before", b"abcd", b"abcdefgh", b"abcd\0\0\0\0"} <= found
    assert all(content == b"before" or content.startswith(b"abcd") for content in found)


def test_a_rename_that_was_not_seen_is_inferred(replay: ModuleType, tmp_path: Path) -> None:
    """Some libraries call the system by themselves."""
    from disk import Operation

    operations = [
        Operation("create", 2, 0, str(tmp_path / ".tmp1")),
        Operation("write", 2, 0, str(tmp_path / ".tmp1"), data=b"abcd"),
        Operation("name", 2, 0, str(tmp_path / "file")),
        Operation("flush", 2, 0, str(tmp_path / "file")),
    ]
    recording = replay.Recording(tmp_path, {}, {}, operations)
    assert recording.state(4, 4, ["lost"], 0) == {"file": b"abcd"}


@pytest.mark.slow
def test_damaged_records_are_right_or_refused() -> None:
    """A small part of the table, without bombs."""
    for extra in ("pyarrow", "torch"):
        pytest.importorskip(extra)
    few = ["--mutations", "30", "--only", "vectors", "--only", "rows", "--only", "settings", "--only", "runs"]
    command = [sys.executable, BENCHMARKS / "reliability" / "records.py", *few, "--only", "journals"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("| **0** |") == 5


@pytest.mark.slow
@pytest.mark.parametrize("script", ["power", "full_disks"])
def test_power_cuts_and_full_disks_cost_nothing(script: str, rows: ModuleType) -> None:
    """A small part of the tables: rows, a page, a module."""
    import disk

    if disk.compiler() is None:
        pytest.skip("this needs Linux and a C compiler")
    few = ["--cuts", "20"] if script == "power" else ["--most", "12"]
    verbs = ["classify --format jsonl", "embed --format parquet", "classify --gallery", "convert"]
    only = [argument for verb in verbs for argument in ("--only", verb)]
    command = [sys.executable, BENCHMARKS / "reliability" / f"{script}.py", *few, *only]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("| **0** |") == 4
