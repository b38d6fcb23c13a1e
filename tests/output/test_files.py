"""Files and standard output: whole pieces only, whatever else is there or happens."""

import errno
import json
import os
from pathlib import Path

import pyarrow.parquet as parquet
import pytest
from helpers.written_rows import ROWS, small_files, written

from inception_hub.errors import OutputError
from inception_hub.output import files
from inception_hub.output.rows import as_record
from inception_hub.output.writers import open_writer
from inception_hub.system.locks import try_lock


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


def test_a_folder_in_whose_place_a_file_is(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    for format in ("jsonl", "parquet"):
        with pytest.raises(OutputError, match="rows cannot be written"):
            open_writer(format, "predictions", tmp_path / "file" / "rows", 1)


def test_a_file_that_cannot_be_begun_leaves_no_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "open", full)
    with pytest.raises(OutputError, match="page.html cannot be written .No space left on device."):
        files.PendingFile(tmp_path / "page.html")
    assert list(tmp_path.iterdir()) == []


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


def test_a_file_that_its_last_writer_removes_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Opened while another run, which wrote nothing, removes it: rows go into the file that has its name."""
    path = tmp_path / "rows"
    path.touch()
    locked: list[int] = []

    def lock(descriptor: int) -> bool | None:
        if not locked:
            path.unlink()
        locked.append(descriptor)
        return try_lock(descriptor)

    monkeypatch.setattr(files, "try_lock", lock)
    with open_writer("jsonl", "predictions", path, 5, resume=True) as writer:
        writer.write(ROWS[0])
    assert len(path.read_text().splitlines()) == 1 and len(locked) == 2


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes with names")
def test_only_regular_files_are_resumed(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "rows")
    with pytest.raises(OutputError, match="rows is no regular file; give another --output"):
        open_writer("jsonl", "predictions", tmp_path / "rows", 5, resume=True)


def test_rows_are_flushed_as_they_grow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A power cut takes the last megabytes, not hours of work."""
    monkeypatch.setattr(files, "FLUSHED_EVERY", 500)
    flushed: list[int] = []
    with open_writer("jsonl", "predictions", tmp_path / "rows", 5) as writer:
        monkeypatch.setattr(
            files.os, "fsync", lambda descriptor: flushed.append(os.fstat(descriptor).st_size)
        )
        for _ in range(20):
            writer.write(ROWS[0])
        row = (tmp_path / "rows").stat().st_size // 20
        assert len(flushed) == 20 * row // (500 // row * row + row) and flushed[0] <= 500 + row
    monkeypatch.undo()
