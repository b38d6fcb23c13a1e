"""Two environments beside the tests' own: current TensorFlow, which writes, and the original's, which loads.

`make tensorflow` makes both.
"""

import os
import subprocess
from pathlib import Path

from helpers.places import ROOT

SCRIPTS = Path(__file__).parent
QUIET = {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "", "PYTHONDONTWRITEBYTECODE": "1"}
CURRENT = ROOT / ".venv-tensorflow" / "bin"
ORIGINAL = ROOT / ".venv-original" / "bin"


def export(*arguments: object, file_limit: int | None = None) -> "subprocess.CompletedProcess[str]":
    """`inception-hub export ARGUMENTS`, with current TensorFlow; no file larger than `file_limit` blocks."""
    command = [str(CURRENT / "inception-hub"), "export", *map(str, arguments)]
    if file_limit is not None:
        command = ["bash", "-c", f'ulimit -f {file_limit}; exec "$@"', "bash", *command]
    return subprocess.run(command, capture_output=True, text=True, env=os.environ | QUIET)


def current(code: str, *arguments: object) -> "subprocess.CompletedProcess[str]":
    """Python `code` with current TensorFlow."""
    command = [str(CURRENT / "python"), "-c", code, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, env=os.environ | QUIET)


def original(script: str, *arguments: object, **environment: str) -> None:
    """A script of `tests/helpers`, with the original's own software."""
    command = [str(ORIGINAL / "python"), str(SCRIPTS / script), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | QUIET | environment)
    assert done.returncode == 0, done.stderr[-4000:]
