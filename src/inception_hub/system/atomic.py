"""Files and directories that appear whole or not at all, on the disk before what they replace is gone.

What is written gets a temporary name beside its target, is flushed to the disk, and only then takes the
target's name; the rename is flushed as well. Cut off at any moment, what was there before is still there.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def atomic_file(path: Path) -> Iterator[Path]:
    """A temporary name in which the block writes a file; then `path` is that file, replaced if it was there.

    After an exception `path` is as it was and nothing is left beside it. Raises what the system raises.
    """
    temporary = temporary_name(path)
    try:
        yield temporary
        commit_file(temporary, path)
    except BaseException:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise


@contextmanager
def atomic_directory(path: Path) -> Iterator[Path]:
    """A new directory in which the block writes; then it is `path`, which must not be there.

    Its mode is that of any new directory. After an exception nothing is left. Raises what the system raises.
    """
    temporary = temporary_name(path)
    temporary.mkdir()
    try:
        yield temporary
        commit_directory(temporary, path)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise


def temporary_name(path: Path) -> Path:
    """A hidden name beside `path` that nothing else has."""
    return path.with_name(f".{path.name[:100]}.{os.urandom(8).hex()}.partial")


def commit_file(temporary: Path, path: Path) -> None:
    """`temporary`, flushed to the disk, takes the name `path`."""
    flush(temporary)
    os.replace(temporary, path)
    flush_directory(path.parent)


def commit_directory(temporary: Path, path: Path) -> None:
    """`temporary`, all it holds flushed to the disk, takes the name `path`, which must not be there."""
    flush_tree(temporary)
    os.rename(temporary, path)
    flush_directory(path.parent)


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
