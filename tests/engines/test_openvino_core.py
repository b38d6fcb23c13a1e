"""Signals find a stack, whatever modules came and went."""

import subprocess
import sys
from pathlib import Path

import pytest

MADE_AND_DROPPED = """
import gc, os, signal, sys
import numpy as np
import inception_hub as hub

modules = [hub.Module(sys.argv[1]) for _ in range(2)]
for module in modules:
    module(np.zeros((1, 64, 64, 3), np.float32))
del module
while modules:
    modules.pop(0)
    gc.collect()
signal.signal(signal.SIGTERM, lambda *_: print("handled", flush=True))
os.kill(os.getpid(), signal.SIGTERM)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX's")
def test_a_signal_after_two_modules_is_handled(small_module: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", MADE_AND_DROPPED, small_module], capture_output=True, text=True
    )
    assert (done.returncode, done.stdout) == (0, "handled\n"), done.stderr
