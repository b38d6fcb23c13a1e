"""Rows as Parquet: nested lists, whole or not there."""

import io
import sys
from pathlib import Path

import numpy as np
import pyarrow
import pyarrow.parquet as parquet
import pytest
from helpers.written_rows import ROWS, SETS, VECTORS, small_files, written

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
    with pytest.raises(MissingExtraError, match=r"pip install '.*\[parquet\]'"):
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


def kept_rows(path: Path) -> bytes:
    written("parquet", "vector", VECTORS * 50, path)
    return path.read_bytes()


def refused(path: Path) -> None:
    before = path.read_bytes()
    with pytest.raises(OutputError, match="rows cannot be resumed, for it holds no such rows"):
        open_writer("parquet", "vector", path, 4, resume=True)
    assert path.read_bytes() == before and not path.with_name("rows.parts").exists()


def test_a_flipped_bit_is_known_before_a_photo_is_read(tmp_path: Path) -> None:
    """Wherever it is: in vectors, which only the merge at the end would have read, too."""
    path = tmp_path / "rows"
    content = kept_rows(path)
    whole, refusals = parquet.read_table(path), 0
    places = range(4, len(content), len(content) // 60)
    for place in places:
        path.write_bytes(content[:place] + bytes([content[place] ^ 0x10]) + content[place + 1 :])
        try:
            open_writer("parquet", "vector", path, 4, resume=True).close()
        except OutputError as error:
            assert "rows cannot be resumed, for " in str(error)
            refusals += 1
        else:  # a statistic, or a name that nobody reads
            assert parquet.read_table(path) == whole
    assert refusals > len(places) // 2


def test_rows_of_other_types_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "rows"
    kept_rows(path)
    table = parquet.read_table(path)
    numbers = table.set_column(0, "path", pyarrow.array([5] * len(table)))
    nameless = table.set_column(0, "path", pyarrow.array([None] * len(table), pyarrow.string()))
    for other in (numbers, nameless, table.rename_columns(["path", "module", "error", "vector"])):
        parquet.write_table(other, path)
        refused(path)


def test_few_bytes_of_many_values_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "rows"
    kept_rows(path)
    table = parquet.read_table(path)
    numbers = pyarrow.ListArray.from_arrays([0, 20_000_000], pyarrow.array(np.zeros(20_000_000, np.float32)))
    many = table.slice(0, 1).set_column(2, "vector", numbers.cast(table.schema.field("vector").type))
    parquet.write_table(many, path)
    assert path.stat().st_size < 4000
    refused(path)


def test_what_cannot_be_read_is_told_with_its_reason(tmp_path: Path) -> None:
    path = tmp_path / "rows"
    kept_rows(path)
    path.unlink()
    path.mkdir()
    with pytest.raises(OutputError, match=r"rows cannot be read \(.+\); give another --output"):
        open_writer("parquet", "vector", path, 4, resume=True)


def test_more_rows_than_bytes_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "rows"
    kept_rows(path)
    table = parquet.read_table(path)
    texts = {"path": ["a"] * 100_000, "module": ["tiny"] * 100_000, "error": ["none"] * 100_000}
    many = pyarrow.table({**texts, "vector": [None] * 100_000}).select(table.schema.names).cast(table.schema)
    parquet.write_table(many, path)
    assert path.stat().st_size < 10_000
    refused(path)


def test_rows_are_measured_as_they_are_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "rows"
    kept_rows(path)
    table = parquet.read_table(path)
    parquet.write_table(table.set_column(0, "path", pyarrow.array(["a" * 100_000] * len(table))), path)
    assert parquet.ParquetFile(path).metadata.row_group(0).total_byte_size < 2_000_000
    open_writer("parquet", "vector", path, 4, resume=True).close()
    monkeypatch.setattr(parquet_rows, "UNPACKED", 2_000_000)
    refused(path)
    few = parquet.read_table(path).slice(0, 15)
    with parquet.ParquetWriter(path, few.schema) as writer:
        for _ in range(20):  # groups, of which each has less
            writer.write_table(few)
    refused(path)


def test_a_folder_that_is_held_stays_while_a_part_takes_its_name(tmp_path: Path) -> None:
    """A killed run had merged all but not renamed it; two that resume it at once do not write both."""
    path, parts = tmp_path / "rows", tmp_path / "rows.parts"
    kept_rows(path)
    parts.mkdir()
    path.rename(parts / parquet_rows.COMPLETE)
    with open_writer("parquet", "vector", path, 4, resume=True) as writer:
        assert len(writer.done) == 300
        with pytest.raises(OutputError, match="is being written by another process"):
            open_writer("parquet", "vector", path, 4, resume=True)
    assert not parts.exists() and parquet.read_table(path).num_rows == 300


def test_sets_have_a_column_of_their_own(tmp_path: Path) -> None:
    path = written("parquet", "predictions", SETS, tmp_path / "rows.parquet", sets=True)
    table = pyarrow.parquet.read_table(path)
    assert table["unknown"].to_pylist() == [False, False, True, True, None]
    sizes = [each and len(each) for each in table["predictions"].to_pylist()]
    assert sizes == [2, [], 1, [], None]
