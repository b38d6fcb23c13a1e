"""Every format to files, pipes, terminals and full disks; what exists is never touched."""

import csv
import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pyarrow.parquet as parquet
import pytest
from rich.cells import cell_len

from inception_hub.errors import ArgumentError, MissingExtraError, OutputError
from inception_hub.inference.predictions import Prediction
from inception_hub.inference.row import Row
from inception_hub.output import parquet as parquet_rows
from inception_hub.output.rows import as_record
from inception_hub.output.table import Table, shortened
from inception_hub.output.writers import open_writer
from inception_hub.system.text import printable

PREDICTIONS = (Prediction("Egyptian cat", 285, 0.75), Prediction("tabby", 281, 0.125))
ROWS = [
    Row("photos/cat.jpg", "tiny", predictions=PREDICTIONS),
    Row("photos/bad.jpg", "tiny", error="photos/bad.jpg is damaged; give an intact file."),
    Row("photos/cat2.jpg", "tiny", predictions=PREDICTIONS[:1]),
]
VECTORS = [
    Row("bad.jpg", "tiny", error="bad.jpg is damaged."),
    *(Row(f"{i}.jpg", "tiny", vector=np.full(4, i / 10, np.float32)) for i in range(5)),
]
WRITE_FOREVER = """
import sys
from inception_hub.inference.predictions import Prediction
from inception_hub.inference.row import Row
from inception_hub.output.writers import open_writer

row = Row("photo.jpg", "tiny", predictions=(Prediction("tabby", 281, 0.5),))
try:
    with open_writer(sys.argv[1], "predictions", None, 5) as writer:
        while True:
            writer.write(row)
except BrokenPipeError:
    sys.stdout = None
    sys.exit(7)
"""


def written(format: str, kind: str, rows: list[Row], path: Path) -> Path:
    with open_writer(format, kind, path, 4) as writer:
        for row in rows:
            writer.write(row)
    return path


def test_csv(tmp_path: Path) -> None:
    text = written("csv", "predictions", ROWS, tmp_path / "rows.csv").read_text("utf-8")
    lines = list(csv.DictReader(io.StringIO(text)))
    assert [(line["path"], line["rank"]) for line in lines] == [
        ("photos/cat.jpg", "1"),
        ("photos/cat.jpg", "2"),
        ("photos/bad.jpg", ""),
        ("photos/cat2.jpg", "1"),
    ]
    text = written("csv", "vector", VECTORS, tmp_path / "vectors.csv").read_text("utf-8")
    lines = list(csv.DictReader(io.StringIO(text)))
    assert [line["v3"] for line in lines] == ["", "0.0", "0.1", "0.2", "0.3", "0.4"]


def test_each_row_is_in_the_file_at_once(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    with open_writer("jsonl", "predictions", path, 5) as writer:
        for count, row in enumerate(ROWS, 1):
            writer.write(row)
            assert [json.loads(line) for line in path.read_text().splitlines()] == list(
                map(as_record, ROWS[:count])
            )


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


@pytest.mark.parametrize("format", ["jsonl", "csv", "parquet"])
def test_paths_that_are_no_text(format: str, tmp_path: Path) -> None:
    stray = b"caf\xe9.jpg".decode("utf-8", "surrogateescape")
    row = Row(stray, "tiny", error=f"{stray} is damaged.")
    assert (
        rb"caf\udce9.jpg is damaged." in written(format, "predictions", [row], tmp_path / "rows").read_bytes()
    )


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


def interrupt(format: str, path: Path, rows: list[Row]) -> None:
    with open_writer(format, "predictions", path, 5) as writer:
        for row in rows:
            writer.write(row)
        raise KeyboardInterrupt


def test_interrupted(tmp_path: Path) -> None:
    path = tmp_path / "rows"
    with pytest.raises(KeyboardInterrupt):
        interrupt("jsonl", path, [])
    assert not path.exists()
    with pytest.raises(KeyboardInterrupt):
        interrupt("jsonl", path, ROWS[:2])
    assert len(path.read_text().splitlines()) == 2


def test_parquet_without_pyarrow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'inception-hub\[parquet\]'"):
        open_writer("parquet", "predictions", tmp_path / "rows", 5)
    assert not list(tmp_path.iterdir())


def test_a_table_of_vectors_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match="vector cannot be written as table; give jsonl, csv or parquet"):
        open_writer("table", "vector", tmp_path / "rows", 5)
    assert not list(tmp_path.iterdir())


def test_standard_output(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    with open_writer("jsonl", "predictions", None, 5) as writer:
        writer.write(ROWS[0])
    assert json.loads(capfdbinary.readouterr().out) == as_record(ROWS[0])


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


@pytest.mark.parametrize("format", ["jsonl", "table"])
def test_a_reader_that_leaves_early(format: str) -> None:
    command = [sys.executable, "-c", WRITE_FOREVER, format]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout and process.stderr
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 7


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize("format", ["jsonl", "csv", "table", "parquet"])
def test_a_full_disk_behind_standard_output(format: str, monkeypatch: pytest.MonkeyPatch) -> None:
    message = "^Standard output cannot be written .No space left on device.; make room or write elsewhere.$"
    with open("/dev/full", "wb", buffering=0) as full:
        monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(full, write_through=True))
        with pytest.raises(OutputError, match=message), open_writer(format, "predictions", None, 5) as writer:
            writer.write(ROWS[0])
        sys.stdout.detach()
        monkeypatch.undo()


@contextmanager
def small_files() -> Iterator[None]:
    """No file of this process may grow beyond 1000 bytes, as on a disk with no more room.

    Not a fixture: pytest writes its own output, perhaps to a file, while those are in force.
    """
    resource = pytest.importorskip("resource")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_keeps_whole_rows_only(tmp_path: Path) -> None:
    path = tmp_path / "rows"
    with small_files(), pytest.raises(OutputError, match="rows cannot be written .File too large"):
        written("jsonl", "predictions", [ROWS[0]] * 20, path)
    assert path.stat().st_size > 800
    lines = path.read_bytes().splitlines(keepends=True)
    assert all(json.loads(line) == as_record(ROWS[0]) and line.endswith(b"\n") for line in lines)


@pytest.mark.parametrize("rows", [1, 2000])
def test_a_full_disk_leaves_no_parquet(rows: int, tmp_path: Path) -> None:
    with small_files(), pytest.raises(OutputError, match="cannot be written .*File too large"):
        written("parquet", "predictions", [ROWS[0]] * rows, tmp_path / "rows")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("width", [80, 120, 200])
def test_table(width: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    lines = written("table", "predictions", ROWS, tmp_path / "rows.txt").read_text("utf-8").splitlines()
    assert max(map(cell_len, lines)) == min(width, 120)
    assert lines[0].split() == ["photo", "label"]
    assert lines[2].split() == ["photos/cat.jpg", "Egyptian", "cat", lines[2].split()[3], "75.0%"]
    assert lines[3].split()[0] == "tabby"
    assert lines[2].index("Egyptian") == lines[3].index("tabby")
    assert lines[2].count("█") == int(0.75 * (min(width, 120) // 4))
    assert lines[3].count("█") == int(0.125 * (min(width, 120) // 4))
    assert not lines[4].strip()
    assert lines[5].split()[:4] == ["photos/bad.jpg", "photos/bad.jpg", "is", "damaged;"]
    assert lines[-1].strip() == "3 photos, 1 of them in error; answered by tiny"
    assert "\x1b" not in "".join(lines)


def test_table_of_the_best_only_is_compact(tmp_path: Path) -> None:
    path = tmp_path / "rows.txt"
    with open_writer("table", "predictions", path, 1) as writer:
        writer.write(ROWS[2])
        writer.write(ROWS[2])
    lines = path.read_text("utf-8").splitlines()
    assert lines[2] == lines[3]
    assert lines[2].split()[0] == "photos/cat2.jpg"


def test_table_in_colour_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    pty = pytest.importorskip("pty")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    leader, follower = pty.openpty()
    with open(leader, "rb"), open(follower, "w") as terminal:
        table = Table(terminal, 5)
        assert "\x1b[36" in table.row(ROWS[0])
        assert "\x1b[31mphotos/bad.jpg is damaged" in table.row(ROWS[1])


def test_long_paths_lose_their_beginning() -> None:
    path = "/home/anna/pictures/2024/crete/cat.jpg"
    assert shortened(path, 38) == path
    assert shortened(path, 37) == "…/anna/pictures/2024/crete/cat.jpg"
    assert shortened(path, 10) == "…/cat.jpg"
    assert shortened(path, 6) == "…t.jpg"
    assert shortened("写真/猫の写真.jpg", 12) == "…の写真.jpg"


def test_names_cannot_drive_the_terminal(tmp_path: Path) -> None:
    assert printable("a\x1b[2Jb\n\udce9é猫") == r"a\x1b[2Jb\n\udce9é猫"
    row = Row("\x1b[2J.jpg", "[red]m[/red]\x1b", predictions=(Prediction("\r[bold]cat[/bold]\x9b", 0, 1.0),))
    text = written("table", "predictions", [row], tmp_path / "rows.txt").read_text("utf-8")
    assert all(c.isprintable() or c == "\n" for c in text)
    assert "[bold]cat[/bold]" in text
    assert "[red]m[/red]" in text


@pytest.mark.parametrize("format", ["jsonl", "csv", "parquet", "table"])
def test_other_users_may_read_the_rows(format: str, tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        path = written(format, "predictions", ROWS, tmp_path / "rows")
    finally:
        os.umask(before)
    assert path.stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize("format", ["jsonl", "csv", "table"])
def test_a_row_is_in_the_pipe_while_the_run_goes_on(format: str) -> None:
    """The process ends without closing or flushing anything: only what was flushed at once arrives."""
    program = WRITE_FOREVER.replace("while True:", "for _ in range(2):").replace(
        "            writer.write(row)", "            writer.write(row)\n        os._exit(3)"
    )
    command = [sys.executable, "-c", f"import os\n{program}", format]
    buffered = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    done = subprocess.run(command, capture_output=True, text=True, env=buffered)
    assert (done.returncode, done.stderr) == (3, "")
    assert done.stdout.count("photo.jpg") == 2


def test_an_error_at_the_end_of_vectors_is_a_row_like_any_other(tmp_path: Path) -> None:
    path = written("csv", "vector", VECTORS[::-1], tmp_path / "vectors.csv")
    with open_writer("csv", "vector", path, 4, resume=True) as writer:
        assert (len(writer.done), writer.done.errors) == (6, 1)
        assert writer.done.take("bad.jpg") and writer.done.take("0.jpg") and not writer.done.take("new.jpg")
    assert len(path.read_text("utf-8").splitlines()) == 7
