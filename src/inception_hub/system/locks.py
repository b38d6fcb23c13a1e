"""Locks on open files and directories: each ends, at the latest, with the process that holds it.

There are none on Windows and on some network file systems; there nobody is refused, and nothing is collected.
"""

import errno
import importlib
import os
import sys
from pathlib import Path
from typing import Any

# None and None on Windows, which has no such locks and opens no directories.
fcntl: Any = None if sys.platform == "win32" else importlib.import_module("fcntl")
DIRECTORY: int | None = getattr(os, "O_DIRECTORY", None)


def try_lock(descriptor: int) -> bool | None:
    """Locks what is open until it is closed: False if another holds it, None where there are no locks."""
    if fcntl is None:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return None
    return True


def is_open_at(descriptor: int, path: Path) -> bool:
    """Whether `path` names what is open: its last holder may have removed it before it was locked here."""
    try:
        return os.path.samestat(os.fstat(descriptor), os.stat(path))
    except FileNotFoundError:
        return False


def hold_directory(path: Path) -> int | None:
    """Makes the directory `path` if it is missing and locks it; `release` takes what it returns.

    That is None where the system opens no directories (Windows). Raises `BlockingIOError` if another process
    holds it, and what the system raises.
    """
    while True:
        path.mkdir(exist_ok=True)
        if DIRECTORY is None:
            return None
        try:
            descriptor = os.open(path, os.O_RDONLY | DIRECTORY)
        except FileNotFoundError:
            continue
        if try_lock(descriptor) is False:
            os.close(descriptor)
            raise BlockingIOError(errno.EWOULDBLOCK, "another process holds it", str(path))
        if is_open_at(descriptor, path):
            return descriptor
        os.close(descriptor)


def hold_left(path: Path) -> int | None:
    """As `hold_directory`, for a directory that a killed run left: it is not made, and `path` is no link.

    None if another process holds it, and where that cannot be known. Raises what the system raises.
    """
    if DIRECTORY is None:
        return None
    descriptor = os.open(path, os.O_RDONLY | DIRECTORY | getattr(os, "O_NOFOLLOW", 0))
    if try_lock(descriptor) and is_open_at(descriptor, path):
        return descriptor
    os.close(descriptor)
    return None


def release(descriptor: int | None) -> None:
    """Lets a directory go that `hold_directory` gave."""
    if descriptor is not None:
        os.close(descriptor)
