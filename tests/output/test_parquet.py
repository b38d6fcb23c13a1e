"""Rows as Parquet: nested lists, whole or not there."""

import io
import sys
from pathlib import Path

import numpy as np
import pyarrow.parquet as parquet
import pytest
from helpers.written_rows import ROWS, VECTORS, small_files, written

from inception_hub.errors import MissingExtraError, OutputError
from inception_hub.output import parquet as parquet_rows
from inception_hub.output.rows import as_record
from inception_hub.output.writers import open_writer


def test_parquet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet_rows, "ROW_GROUP", 2)
    path = written("parquet", "predictions", ROWS, tmp_path / "rows.parquet")
    table = parquet.read_table(path)
    assert [str(table.schema.field(i).type) for i in (0, 2)] == [
        "string",
        "list<element: struct<label: string, index: int32, probability: float>>",
    ]
    empty = {"predictions": None, "error": None}
    assert table.to_pylist() == [empty | as_record(row) for row in ROWS]
    assert parquet.ParquetFile(path).num_row_groups == 2

    path = written("parquet", "vector", VECTORS, tmp_path / "vectors.parquet")
    table = parquet.read_table(path)
    assert str(table.schema.field("vector").type) == "list<element: float>"
    found = table["vector"].to_pylist()
    assert found[0] is None
    assert np.array_equal(np.array(found[1:], np.float32), [row.vector for row in VECTORS[1:]])
    assert sorted(p.name for p in tmp_path.iterdir()) == ["rows.parquet", "vectors.parquet"]


def test_parquet_without_pyarrow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'inception-hub\[parquet\]'"):
        open_writer("parquet", "predictions", tmp_path / "rows", 5)
    assert not list(tmp_path.iterdir())


def test_parquet_to_standard_output(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    with open_writer("parquet", "predictions", None, 5) as writer:
        writer.write(ROWS[0])
    content = capfdbinary.readouterr().out
    assert parquet.read_table(io.BytesIO(content))["path"].to_pylist() == ["photos/cat.jpg"]


def test_parquet_is_not_for_terminals(monkeypatch: pytest.MonkeyPatch) -> None:
    pty = pytest.importorskip("pty")
    leader, follower = pty.openpty()
    with open(leader, "rb"), open(follower, "w") as terminal:
        monkeypatch.setattr(sys, "stdout", terminal)
        with pytest.raises(OutputError, match="not for terminals; give --output FILE or another format"):
            open_writer("parquet", "predictions", None, 5)
        monkeypatch.undo()


@pytest.mark.parametrize("rows", [1, 2000])
def test_a_full_disk_leaves_no_parquet(rows: int, tmp_path: Path) -> None:
    with small_files(), pytest.raises(OutputError, match="cannot be written .*File too large"):
        written("parquet", "predictions", [ROWS[0]] * rows, tmp_path / "rows")
    assert not list(tmp_path.iterdir())


def test_an_error_at_the_end_of_vectors_is_a_row_like_any_other(tmp_path: Path) -> None:
    path = written("csv", "vector", VECTORS[::-1], tmp_path / "vectors.csv")
    with open_writer("csv", "vector", path, 4, resume=True) as writer:
        assert (len(writer.done), writer.done.errors) == (6, 1)
        assert writer.done.take("bad.jpg") and writer.done.take("0.jpg") and not writer.done.take("new.jpg")
    assert len(path.read_text("utf-8").splitlines()) == 7
