"""Files and standard output: whole pieces only, whatever else is there or happens."""

import json
import os
from pathlib import Path

import pyarrow.parquet as parquet
import pytest
from helpers.written_rows import ROWS, small_files, written

from inception_hub.errors import OutputError
from inception_hub.output.rows import as_record
from inception_hub.output.writers import open_writer


@pytest.mark.parametrize("format", ["jsonl", "csv", "parquet", "table"])
def test_what_exists_is_left_as_it_is(format: str, tmp_path: Path) -> None:
    path = tmp_path / "precious"
    path.write_text("years of work")
    with pytest.raises(
        OutputError, match="precious exists and is left as it is; give another name or remove it"
    ):
        open_writer(format, "predictions", path, 5)
    assert path.read_text() == "years of work"
    assert list(tmp_path.iterdir()) == [path]


def test_what_appears_meanwhile_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    with pytest.raises(OutputError, match="exists"), open_writer("parquet", "predictions", path, 5) as writer:
        writer.write(ROWS[0])
        path.write_text("another's work")
    assert path.read_text() == "another's work"
    (part,) = (tmp_path / "rows.parquet.parts").iterdir()
    assert parquet.read_table(part)["path"].to_pylist() == [ROWS[0].path]  # and ours is not lost


@pytest.mark.parametrize("format", ["jsonl", "csv", "parquet"])
def test_a_folder_that_does_not_exist(format: str, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="rows cannot be written .No such file or directory"):
        open_writer(format, "predictions", tmp_path / "nowhere" / "rows", 5)


def test_a_full_disk_keeps_whole_rows_only(tmp_path: Path) -> None:
    path = tmp_path / "rows"
    with small_files(), pytest.raises(OutputError, match="rows cannot be written .File too large"):
        written("jsonl", "predictions", [ROWS[0]] * 20, path)
    assert path.stat().st_size > 800
    lines = path.read_bytes().splitlines(keepends=True)
    assert all(json.loads(line) == as_record(ROWS[0]) and line.endswith(b"\n") for line in lines)


@pytest.mark.parametrize("format", ["jsonl", "csv", "parquet", "table"])
def test_other_users_may_read_the_rows(format: str, tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        path = written(format, "predictions", ROWS, tmp_path / "rows")
    finally:
        os.umask(before)
    assert path.stat().st_mode & 0o777 == 0o644
