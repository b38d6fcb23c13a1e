"""Every format to files, pipes, terminals and full disks; what exists is never touched."""

import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from helpers.written_rows import ROWS, VECTORS, written

from inception_hub.errors import OutputError
from inception_hub.inference.row import Row
from inception_hub.output.choices import RowFormat
from inception_hub.output.rows import as_record
from inception_hub.output.writers import open_writer

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


@pytest.mark.parametrize("format", ["jsonl", "csv", "parquet"])
def test_paths_that_are_no_text(format: str, tmp_path: Path) -> None:
    stray = b"caf\xe9.jpg".decode("utf-8", "surrogateescape")
    row = Row(stray, "tiny", error=f"{stray} is damaged.")
    expected = rb"caf\\udce9.jpg is damaged." if format == "jsonl" else rb"caf\udce9.jpg is damaged."
    assert expected in written(format, "predictions", [row], tmp_path / "rows").read_bytes()


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


def test_standard_output(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    with open_writer("jsonl", "predictions", None, 5) as writer:
        writer.write(ROWS[0])
    assert json.loads(capfdbinary.readouterr().out) == as_record(ROWS[0])


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


@pytest.mark.parametrize("format", ["jsonl", "csv", "parquet"])
def test_folders_of_an_output_are_made(format: RowFormat, tmp_path: Path) -> None:
    output = tmp_path / "a" / "b" / f"rows.{format}"
    with open_writer(format, "predictions", output, 1) as writer:
        writer.write(Row("a.jpg", "m", error="no"))
    assert output.stat().st_size
