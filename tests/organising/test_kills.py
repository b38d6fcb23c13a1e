"""Killed at any step, a run is continued, or undone, as if nothing had been: every photo, every name."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

HELPERS = Path(__file__).resolve().parents[1]
PROGRAM = """
import shutil, sys
from pathlib import Path
from helpers.organised import apart, dies_at, make_photos, organise, tree
from inception_hub.organising.undo import undo_organise

scratch, how, what = Path(sys.argv[1]), *sys.argv[2:4]
xmp, separate = (word == "yes" for word in sys.argv[4:])
if separate:
    apart()

def fresh(name):
    root = scratch / name
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir()
    make_photos(root)
    return root

def placed(root):  # links hold the whole path
    return {name: str(value).replace(str(root), "ROOT") for name, value in tree(root).items()}

def run(root):
    assert not dies_at(10**9, lambda: organise(root, how, xmp))

def undo(root):
    def work():
        assert not undo_organise(root / "sorted").kept
    assert not dies_at(10**9, work)

before = placed(fresh("whole"))
run(scratch / "whole")
after = placed(scratch / "whole")
step = 0
while True:
    step += 1
    root = fresh("killed")
    if what == "undo":
        run(root)
        assert placed(root) == after
        dead = dies_at(step, lambda: undo_organise(root / "sorted"))
    else:
        dead = dies_at(step, lambda: organise(root, how, xmp))
    if what == "continued":
        run(root)
        assert placed(root) == after, (step, placed(root))
    elif (root / "sorted" / "organised.jsonl").exists():
        undo(root)
    if what != "continued":
        left = placed(root)
        # Before the journal is there, and after it has gone, an empty folder may be left.
        for name in sorted(left.keys() - before.keys()):
            assert name == "sorted" or ".partial" in name, (step, left)
            del left[name]
        assert left == before, (step, left)
    if not dead:
        break
print(step)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="processes are forked")
@pytest.mark.parametrize("what", ["continued", "undone", "undo"])
@pytest.mark.parametrize(
    "how, xmp, separate",
    [("copy", "yes", "no"), ("link", "no", "no"), ("move", "no", "no"), ("move", "yes", "yes")],
)
def test_at_every_step(how: str, xmp: str, separate: str, what: str, tmp_path: Path) -> None:
    """Killed while organising and run again (`continued`) or `undone`; killed while undoing (`undo`)."""
    memory = "/dev/shm" if os.path.isdir("/dev/shm") else tmp_path  # where nothing waits for a disk
    with tempfile.TemporaryDirectory(dir=memory) as scratch:
        command = [sys.executable, "-c", PROGRAM, scratch, how, what, xmp, separate]
        done = subprocess.run(command, capture_output=True, text=True, cwd=HELPERS)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 30, "so many steps are there at least"
