"""Opens files that somebody else may have put there: regular ones only, so that no read waits for ever."""

import errno
import os
import stat
from collections.abc import Callable
from io import BufferedReader
from pathlib import Path

from ..errors import FormatError

MAX_BYTES = 64 << 30  # of a file that is read or hashed whole: ten times what any format here accepts
POINTER = b"version https://git-lfs."  # how Git LFS begins what it leaves in place of a large file


def open_regular(path: str | os.PathLike[str]) -> BufferedReader:
    """`path`, opened to read bytes. Raises `OSError`, with a reason in words, for anything else.

    A pipe, a device or a socket would wait for somebody at its other end, and so would some files in /proc:
    they call themselves regular and empty. An empty file reads as one, whatever the system would give.
    """
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    status = os.fstat(descriptor)
    if stat.S_ISREG(status.st_mode) and 0 < status.st_size <= MAX_BYTES:
        return os.fdopen(descriptor, "rb")
    os.close(descriptor)
    if stat.S_ISREG(status.st_mode) and not status.st_size:
        return open(os.devnull, "rb")
    if stat.S_ISREG(status.st_mode):
        reason = f"it has {status.st_size:,} bytes and {MAX_BYTES:,} are accepted"
    else:
        reason = "it is no regular file"
    raise OSError(errno.EINVAL, reason, os.fspath(path))


def read_bounded(path: str | os.PathLike[str], most: int, advice: str) -> bytes:
    """The content of a regular file of at most `most` bytes.

    Raises `FormatError` for a larger one and for one that cannot be read; `advice` ends its sentence.
    """
    try:
        with open_regular(path) as file:
            content = file.read(most + 1)
    except FileNotFoundError as error:
        raise FormatError(f"{path} does not exist; {advice}.") from error
    except OSError as error:
        raise FormatError(f"{path} cannot be read ({error.strerror}); {advice}.") from error
    if len(content) > most:
        raise FormatError(f"{path} has more than {most:,} bytes; {advice}.")
    return content


def read_text(path: Path) -> str:
    """The text of a regular file in UTF-8; raises `OSError` and `UnicodeDecodeError`."""
    with open_regular(path) as file:
        return file.read().decode("utf-8")


def is_own(path: Path) -> bool:
    """Whether no other user can have put `path` where anybody may write, as in a temporary directory.

    On Windows each user has one of his own.
    """
    getuid: Callable[[], int] | None = getattr(os, "getuid", None)
    return getuid is None or path.stat().st_uid in (0, getuid())
