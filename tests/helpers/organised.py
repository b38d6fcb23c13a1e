"""Photos to organise, rows for them, and what a process leaves on the disk that dies at its n-th step."""

import errno
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from inception_hub.inference.predictions import Prediction
from inception_hub.inference.row import Row
from inception_hub.organising.choices import How
from inception_hub.organising.journal import Journal
from inception_hub.organising.placer import Placer, Plan, Summary
from inception_hub.system import moving

LABELS = ["cat", "dog"]
SETTINGS = {"module": "m"}
# Of each photo its place, its content, and how likely a cat is on it.
PHOTOS = {
    "a/x.jpg": (b"one", 0.9),
    "b/x.jpg": (b"two", 0.8),
    "b/y.jpg": (b"three", 0.4),
    "c.jpg": (b"one", 0.2),
}
STEPS = {
    "open", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.link", "os.symlink", "os.utime", "os.chmod",
    "os.truncate", "ctypes.dlopen", "ctypes.dlsym",
}  # fmt: skip
KILLED = 9


def make_photos(root: Path) -> None:
    for name, (content, _) in PHOTOS.items():
        (root / "photos" / name).parent.mkdir(parents=True, exist_ok=True)
        (root / "photos" / name).write_bytes(content)


def row(path: str, cat: float) -> Row:
    predictions = [Prediction("cat", 0, cat), Prediction("dog", 1, 1 - cat)]
    best_first = sorted(predictions, key=lambda each: -each.probability)
    return Row(path, "m", predictions=tuple(best_first))


def organise(root: Path, how: How, xmp: bool = False, least: float = 0.7) -> Summary:
    """What `hub.organise` does with the photos below `root`, without a module."""
    summary = Summary()
    plan = Plan(root / "sorted", how, least, xmp)
    paths = {str(root / "photos" / name): cat for name, (_, cat) in PHOTOS.items()}
    with Journal(plan.into, SETTINGS) as journal:
        placer = Placer(plan, LABELS, journal, summary)
        there = [path for path in paths if os.path.lexists(path)]
        for photo in placer.photos(there, lambda: False):
            placer.place(row(photo.path, paths[photo.path]))
    return summary


def tree(root: Path) -> dict[str, object]:
    """Every file with its content, every link with its target, every folder; of the journal that it is."""
    found: dict[str, object] = {}
    for path in root.rglob("*"):
        name = path.relative_to(root).as_posix()
        if path.is_symlink():
            found[name] = os.readlink(path)
        elif path.is_file():
            found[name] = path.name if path.suffix == ".jsonl" else path.read_bytes()
        else:
            found[name] = None
    return found


def apart() -> None:
    """Has the photos and the organised folder be on two file systems, as far as renaming goes."""
    rename_new = moving.rename_new

    def renamed(source: Path, target: Path) -> None:
        if not source.parent.name.endswith(".partial"):
            raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))
        rename_new(source, target)

    moving.rename_new = renamed


def states(root: Path, work: Callable[[], object], kept: Path) -> tuple[list[Path], int]:
    """Runs `work`; gives copies of `root` as it was before each step and at the end, and how many steps.

    They are in `kept`, in order: what a process leaves that is killed there. A step that changes nothing, as
    one that reads, has none of its own. For a process that ends afterwards: its steps are watched to its end.
    """
    made: list[Path] = []
    steps, before = 0, None

    def keep() -> None:
        nonlocal before
        now = _content(root)
        if now != before:
            before = now
            made.append(kept / f"{len(made)}")
            copy_tree(root, made[-1])

    def step() -> None:
        nonlocal steps
        steps += 1
        keep()

    _at_each_step(step)
    try:
        work()
    finally:
        _at_each_step(None)
    keep()
    return made, steps


def copy_tree(root: Path, target: Path) -> None:
    """Copies files with their times and modes, links as links, two names of one file as such."""
    names: dict[int, str] = {}

    def copy(source: str, to: str) -> None:
        first = names.setdefault(os.lstat(source).st_ino, to)
        os.link(first, to) if first != to else shutil.copy2(source, to)

    shutil.copytree(root, target, symlinks=True, copy_function=copy)


def _content(root: Path) -> list[tuple[object, ...]]:
    """All that `copy_tree` copies but the times."""
    found: list[tuple[object, ...]] = []
    for folder, folders, names in os.walk(root):
        for name in sorted([*folders, *names]):
            path = os.path.join(folder, name)
            status = os.lstat(path)
            content: object = None
            if os.path.islink(path):
                content = os.readlink(path)
            elif name in names:
                content = Path(path).read_bytes()
            found.append((path, status.st_mode, status.st_nlink, content))
    return sorted(found, key=str)


def dies_at(step: int, work: Callable[[], object]) -> bool:
    """Whether `work` in a process of its own died, without any cleaning up, before its step number `step`."""
    child = os.fork()
    if not child:
        left = step

        def count() -> None:
            nonlocal left
            left -= 1
            if not left:
                os._exit(KILLED)

        _at_each_step(count)
        try:
            work()
            os._exit(0)
        except BaseException as error:
            print(f"step {step}: {error!r}", file=sys.stderr)
            os._exit(1)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if status not in (0, KILLED):
        raise SystemExit(f"step {step}: it ended with {status}")
    return status == KILLED


_watcher: Callable[[], object] | None = None  # an audit hook cannot be taken away


def _at_each_step(call: Callable[[], object] | None) -> None:
    """Has `call` be called before each step of this process on the disk, but for its own; None: no longer."""
    global _watcher
    if _watcher is None and call is not None and not _hooked:
        _hooked.append(True)
        fsync = os.fsync
        os.fsync = lambda descriptor: (_stepped("open"), fsync(descriptor))[1]
        sys.addaudithook(_stepped)
    _watcher = call


_hooked: list[bool] = []


def _stepped(event: str, _: object = None) -> None:
    global _watcher
    if event in STEPS and (call := _watcher):
        _watcher = None
        try:
            call()
        finally:
            _watcher = call
