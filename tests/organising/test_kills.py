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
from helpers.organised import apart, copy_tree, dies_at, make_photos, organise, states, tree
from inception_hub.organising.undo import undo_organise
from inception_hub.system.atomic import remove_stale

scratch, how = Path(sys.argv[1]), sys.argv[2]
xmp, separate = (word == "yes" for word in sys.argv[3:])
if separate:
    apart()
root = scratch / "root"

def fresh():
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir()
    make_photos(root)

def killed(state):
    shutil.rmtree(root)
    copy_tree(state, root)

def run():
    remove_stale.cache_clear()  # which a new process has not done yet
    organise(root, how, xmp)

def undo():
    remove_stale.cache_clear()
    return undo_organise(root / "sorted")

def check_continued(at):
    run()
    assert tree(root) == after, ("continued", at, tree(root))

def check_undone(at):
    if (root / "sorted" / "organised.jsonl").exists():
        assert not undo().kept
    left = tree(root)
    # Before the journal is there, and after it has gone, an empty folder may be left.
    for name in sorted(left.keys() - before.keys()):
        assert name == "sorted" or ".partial" in name, (at, left)
        del left[name]
    assert left == before, (at, left)

fresh()
before = tree(root)
while_organising, steps = states(root, run, scratch / "organising")
after = tree(root)
while_undoing, back = states(root, undo, scratch / "undoing")
for number, state in enumerate(while_organising):
    killed(state)
    check_continued(number)
    killed(state)
    check_undone(("undone", number))
for number, state in enumerate(while_undoing):
    killed(state)
    check_undone(("undo", number))

# A process that dies does not hold the folder either.
fresh()
assert dies_at(steps // 2, run)
check_continued("killed")
assert dies_at(back // 2, undo)
check_undone("killed")
print(steps, back, len(while_organising), len(while_undoing))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="processes are forked")
@pytest.mark.parametrize(
    "how, xmp, separate",
    [("copy", "yes", "no"), ("link", "no", "no"), ("move", "no", "no"), ("move", "yes", "yes")],
)
def test_at_every_step(how: str, xmp: str, separate: str, tmp_path: Path) -> None:
    """Killed while organising and run again (`continued`) or `undone`; killed while undoing (`undo`)."""
    memory = "/dev/shm" if os.path.isdir("/dev/shm") else tmp_path  # where nothing waits for a disk
    with tempfile.TemporaryDirectory(dir=memory) as scratch:
        command = [sys.executable, "-c", PROGRAM, scratch, how, xmp, separate]
        done = subprocess.run(command, capture_output=True, text=True, cwd=HELPERS)
    assert done.returncode == 0, done.stderr
    organising, undoing, changing, changing_back = map(int, done.stdout.split())
    assert min(organising, undoing) > 30, "so many steps are there at least"
    assert min(changing, changing_back) > 10, "and so many that change something"
