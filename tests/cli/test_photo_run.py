"""Runs over photos: standard input, readers that leave early."""

import io
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from helpers.command import run

from inception_hub import Module
from inception_hub.cli import photo_run
from inception_hub.inference import decoding


def test_standard_input(photos: Path, small_module: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "inception_hub",
        "classify",
        "-",
        "--module",
        small_module,
        "--format",
        "jsonl",
    ]
    done = subprocess.run(command, input=(photos / "0.png").read_bytes(), capture_output=True, check=True)
    record = json.loads(done.stdout)
    assert record["path"] == "-" and len(record["predictions"]) == 5


def test_a_reader_that_leaves_early_is_no_error(photos: Path, small_module: Path) -> None:
    for number in range(200):
        shutil.copy(photos / "0.png", photos / f"copy{number}.png")
    program = f"{sys.executable} -m inception_hub classify"
    command = f"{program} {photos} --module {small_module} --format csv | head -n 2"
    done = subprocess.run(["bash", "-o", "pipefail", "-c", command], capture_output=True, text=True)
    assert done.stdout.startswith("path,module,rank")
    assert done.stderr == "Answering with small.\n"
    assert done.returncode == 0


@pytest.mark.parametrize("ending, status", [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_waiting_for_standard_input_ends_at_the_first_signal(
    ending: signal.Signals,
    status: int,
    small_module: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Idle(io.RawIOBase):
        def read(self, size: int = -1) -> bytes:
            os.kill(os.getpid(), ending)
            return b"what came after the signal"

    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=Idle()))
    output = tmp_path / "rows"
    code, out, err = run(
        capsys, "classify", "-", "--module", small_module, "--format", "jsonl", "--output", output
    )
    assert (code, out) == (status, "") and not output.exists()
    assert err.endswith("Stopped with the rows of 0 photos; the same command with --resume continues.\n")


@pytest.mark.parametrize("verb", ["classify", "embed", "explain"])
def test_files_that_are_no_photos_are_told(
    verb: str, photos: Path, small_module: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (photos / "holiday.mov").touch()
    output = tmp_path / ("pictures" if verb == "explain" else "rows.jsonl")
    code, _, err = run(capsys, verb, photos, "--module", small_module, "--output", output)
    assert code == 0
    assert err.endswith("1 file is not read, being no photo by its name: 1 .mov.\n")


@pytest.mark.parametrize(
    ("device", "cores", "expected"),
    [(None, 16, 0), ("cpu", 16, 0), ("cuda", 16, 16), ("cuda:1", 4, 4), ("cuda", 3, 0)],
)
def test_processes_decode_for_a_gpu_with_cores_beside_it(
    device: str | None, cores: int, expected: int
) -> None:
    module = cast(Module, SimpleNamespace(device=device, cores=cores))
    assert photo_run._decoding_processes(module) == expected


def test_processes_change_no_row(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    photos: Path,
    small_module: Path,
    tmp_path: Path,
) -> None:
    written = []
    for processes in (0, 2):
        monkeypatch.setattr(photo_run, "_decoding_processes", lambda module, count=processes: count)
        monkeypatch.setattr(decoding, "FIRST", 1)
        output = tmp_path / f"{processes}.csv"
        code, _, _ = run(capsys, "classify", photos, "--module", small_module, "--output", output)
        assert code == 0
        written.append(output.read_text())
    assert written[0] == written[1] and written[0].count("\n") > 3
