"""Locks on open files and directories: each ends, at the latest, with the process that holds it.

There are none on Windows and on some network file systems; there nobody is refused, and nothing is collected.
"""

import errno
import os
from pathlib import Path

NAME_BYTES = 100  # of a file's name within that of a folder made beside it, which may have 255


def try_lock(descriptor: int) -> bool | None:
    """Locks what is open until it is closed: False if another holds it, None where there are no locks."""
    try:
        import fcntl
    except ImportError:
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
    """Makes the directory `path` if it is missing and locks it; what it returns is closed to let it go.

    None where the system opens no directories (Windows). Raises `BlockingIOError` if another process holds
    it, and what the system raises.
    """
    while True:
        path.mkdir(exist_ok=True)
        if os.name != "posix":
            return None
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
        except FileNotFoundError:
            continue
        if try_lock(descriptor) is False:
            os.close(descriptor)
            raise BlockingIOError(errno.EWOULDBLOCK, "another process holds it", str(path))
        if is_open_at(descriptor, path):
            return descriptor
        os.close(descriptor)


def release(descriptor: int | None) -> None:
    """Lets a directory go that `hold_directory` gave."""
    if descriptor is not None:
        os.close(descriptor)
