"""What a command imports, and does not, before it answers: most of the time of a short run."""

import gc
import json
import subprocess
import sys
from pathlib import Path

import pytest
from helpers.command import run
from PIL import Image

# What is left when the command has ended, read in its own process.
CODE = """
import atexit, gc, json, sys
from inception_hub.cli import main

def state():
    imported = sorted(name for name, module in sys.modules.items() if module is not None)
    print(json.dumps([gc.isenabled(), gc.get_freeze_count(), imported]))

atexit.register(state)
main()
"""


def test_a_command_imports_what_it_needs(small_module: Path, tmp_path: Path) -> None:
    Image.new("RGB", (64, 64)).save(tmp_path / "photo.png")
    command = ["classify", str(tmp_path / "photo.png"), "--module", str(small_module), "--format", "jsonl"]
    done = subprocess.run([sys.executable, "-c", CODE, *command], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    row, state = map(json.loads, done.stdout.splitlines())
    assert len(row["predictions"]) == 5
    collects, frozen, imported = state
    assert collects and frozen > 10_000, "garbage is looked for, but not among what was imported"
    assert "openvino" in imported
    for name in ("openvino.tools.ovc", "openvino_telemetry", "torch", "matplotlib", "fastapi", "datasets"):
        assert name not in imported


def test_a_program_that_calls_it_keeps_its_own_garbage(capsys: pytest.CaptureFixture[str]) -> None:
    before = gc.get_freeze_count()
    code, _, _ = run(capsys, "info", "tiny_imagenet")
    assert code == 0 and gc.isenabled() and gc.get_freeze_count() == before
