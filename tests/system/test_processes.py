"""Processes that work for this one: deaf to Ctrl-C, and gone when it is."""

import os
import select
import subprocess
import sys
from pathlib import Path

import pytest

PARENT = """
import os, sys
from concurrent.futures import wait
from inception_hub.system.processes import process_pool
if __name__ == "__main__":
    pool = process_pool(2)
    wait([pool.submit(os.getpid) for _ in range(2)])
    print(*pool._processes, flush=True)
    sys.stdin.read()
"""
INTERRUPTED = """
import os, signal
from inception_hub.system.processes import process_pool
if __name__ == "__main__":
    with process_pool(1) as pool:
        child = pool.submit(os.getpid).result()
        for ending in (signal.SIGINT, signal.SIGTERM):
            os.kill(child, ending)
            print(pool.submit(os.getpid).result() == child)
"""


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="waits for strangers by Linux's pidfd")
def test_they_end_with_their_parent_however_it_ends(tmp_path: Path) -> None:
    program = tmp_path / "parent.py"
    program.write_text(PARENT)
    parent = subprocess.Popen(
        [sys.executable, program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout is not None
    children = [os.pidfd_open(int(number)) for number in parent.stdout.readline().split()]
    assert len(children) == 2
    parent.kill()
    parent.communicate()
    for child in children:
        assert select.select([child], [], [], 30)[0], "still running"
        os.close(child)


def test_an_interruption_is_left_to_the_parent(tmp_path: Path) -> None:
    program = tmp_path / "interrupted.py"
    program.write_text(INTERRUPTED)
    done = subprocess.run([sys.executable, program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "True\nTrue\n", "")
