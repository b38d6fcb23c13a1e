"""Runs over photos: standard input, readers that leave early."""

import json
import shutil
import subprocess
import sys
from pathlib import Path


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
