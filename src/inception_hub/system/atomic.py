"""Files and directories that appear whole or not at all, on the disk before what they replace is gone.

What is written lies in a hidden folder beside its target, is flushed to the disk, and only then takes the
target's name; the rename is flushed as well. Cut off at any moment, what was there before is still there.
The folder is locked as long as its writer lives: the next write beside it removes what a killed one left.
"""

import errno
import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache, partial
from pathlib import Path

from .locks import hold_directory, hold_left, release
from .names import beginning
from .open_files import rename, replace

SCRATCH = re.compile(r"\..+\.[0-9a-f]{16}\.partial", re.DOTALL)
CLAIMED = ".claimed"  # ends the name of the empty folder that keeps an output's name: see `outputs`


@contextmanager
def atomic_file(path: Path) -> Iterator[Path]:
    """A temporary name in which the block writes a file; then `path` is that file, replaced if it was there.

    After an exception `path` is as it was and nothing is left beside it. Raises what the system raises.
    """
    with scratch_folder(path) as folder:
        yield folder / path.name
        commit_file(folder / path.name, path)


@contextmanager
def atomic_directory(path: Path) -> Iterator[Path]:
    """A new directory in which the block writes; then it is `path`, which must not be there.

    Its mode is that of any new directory. After an exception nothing is left. Raises what the system raises.
    """
    with scratch_folder(path) as folder:
        made = folder / path.name
        made.mkdir()
        yield made
        flush_tree(made)
        rename(made, path)
        _remove_empty(folder)
        flush_directory(path.parent)


@contextmanager
def scratch_folder(path: Path) -> Iterator[Path]:
    """A new hidden folder beside `path`, removed at the end. Raises what the system raises."""
    remove_stale(path.parent)
    folder, held = _new_folder(path)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        release(held)


def _new_folder(path: Path) -> tuple[Path, int | None]:
    while True:
        folder = path.with_name(f".{beginning(path.name)}.{os.urandom(8).hex()}.partial")
        folder.mkdir()
        with suppress(BlockingIOError):  # held by one who just now takes it for stale
            return folder, hold_directory(folder)


@cache
def remove_stale(parent: Path) -> None:
    """Removes, once a process, the folders of killed writers: those that nobody holds, where locks tell."""
    with suppress(OSError):
        for name in os.listdir(parent):
            if SCRATCH.fullmatch(name):
                _remove_unheld(parent / name, partial(shutil.rmtree, ignore_errors=True))
            elif name.startswith(".") and name.endswith(CLAIMED):
                _remove_unheld(parent / name, os.rmdir)  # one with something in it is not ours


def _remove_unheld(folder: Path, remove: Callable[[Path], object]) -> None:
    with suppress(OSError):
        if (held := hold_left(folder)) is not None:
            try:
                remove(folder)
            finally:
                release(held)


def commit_file(temporary: Path, path: Path) -> None:
    """`temporary`, flushed to the disk, takes the name `path`; the folder it lay in goes if it is empty."""
    flush(temporary)
    replace(temporary, path)
    _remove_empty(temporary.parent)
    flush_directory(path.parent)


def _remove_empty(folder: Path) -> None:
    with suppress(OSError):
        folder.rmdir()


def make_folders(path: Path) -> list[Path]:
    """Makes the directory `path` and those above it that are missing; gives those it made, outermost first.

    Their names are on the disk. Raises what the system raises, and has made nothing then.
    """
    made: list[Path] = []
    try:
        for folder in reversed([path, *path.parents]):
            if folder.is_dir():
                continue
            try:
                folder.mkdir()
            except FileExistsError:
                if not folder.is_dir():
                    raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(folder)) from None
                continue  # another process was first
            made.append(folder)
            flush_directory(folder.parent)
    except BaseException:
        remove_folders(made)
        raise
    return made


def remove_folders(made: list[Path]) -> None:
    """Removes what `make_folders` made and is still empty."""
    for folder in reversed(made):
        with suppress(OSError):
            folder.rmdir()


def flush(file: Path) -> None:
    """Waits until the content of `file` is on the disk."""
    with file.open("rb+") as opened:
        os.fsync(opened.fileno())


def flush_tree(directory: Path) -> None:
    """Waits until `directory` and everything in it is on the disk."""
    for folder, _, names in os.walk(directory, topdown=False):
        for name in names:
            flush(Path(folder) / name)
        flush_directory(Path(folder))


def flush_directory(directory: Path) -> None:
    """Waits until the names in `directory` are on the disk, where the system can be asked to."""
    with suppress(OSError):  # Windows opens no directories; some network file systems flush none
        descriptor = os.open(directory, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
