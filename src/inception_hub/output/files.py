"""Where rows and pages go: standard output, a file that grows by whole pieces, a file that appears whole.

`BrokenPipeError` passes through: the reader (`| head`) has what it wanted, and the caller ends quietly.
"""

import os
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from io import FileIO
from pathlib import Path
from typing import BinaryIO

from ..errors import OutputError
from ..system.atomic import commit_file, flush_directory, temporary_name
from .resume import Done, WrittenRow

CHUNK = 2**20  # bytes
STDOUT = "Standard output"


class StandardOutput:
    """Standard output, flushed after every `append`."""

    done = Done()

    def append(self, data: bytes) -> None:
        with as_output_error(STDOUT):
            _write_all(sys.stdout.buffer, data)
            sys.stdout.buffer.flush()

    def close(self) -> None:
        pass

    def abandon(self) -> None:
        pass


class GrowingFile:
    """A file that always ends with a whole `append`: a new one or, given how to `read` its rows, an old one.

    `done`: the rows that an old one holds. What comes after the last whole one is removed.
    """

    def __init__(self, path: Path, read: Callable[[BinaryIO, Path], Iterable[WrittenRow]] | None) -> None:
        self._path = path
        self.done = Done()
        if not read:
            refuse_existing(path)
        with as_output_error(path):
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | (0 if read else os.O_EXCL), 0o666)
            self._file = open(descriptor, "r+b", buffering=0)
            try:
                claim(descriptor, path)
                if read:
                    with open(path, "rb") as rows:
                        self.done = Done(read(rows, path))
                    self._file.truncate(self.done.whole)
                    self._file.seek(self.done.whole)
            except BaseException:
                self._file.close()
                raise

    def append(self, data: bytes) -> None:
        whole = self._file.tell()
        with as_output_error(self._path):
            try:
                _write_all(self._file, data)
            except BaseException:
                with suppress(OSError):
                    self._file.truncate(whole)
                raise

    def close(self) -> None:
        """Waits until the file and its name are on the disk."""
        with as_output_error(self._path):
            os.fsync(self._file.fileno())
            self._file.close()
            flush_directory(self._path.parent)

    def abandon(self) -> None:
        """Keeps what was written; removes the file if that is nothing."""
        if self._file.tell() == 0:
            self._path.unlink(
                missing_ok=True
            )  # while it is still claimed: another run may take the name next
            self._file.close()
        else:
            self.close()


class PendingFile:
    """A binary file that becomes `target` (None: is copied to standard output) when it is complete.

    It lies beside `target` under a temporary name; `commit` replaces what is there: whether it may is the
    caller's to check.
    """

    def __init__(self, target: Path | None) -> None:
        self.name = target or STDOUT
        self._target = target
        # tempfile would make a file that only its owner can read, and renaming would keep it so.
        self._path = target and temporary_name(target)
        with as_output_error(self.name):
            self.file: BinaryIO = self._path.open("xb") if self._path else tempfile.TemporaryFile()

    def commit(self) -> None:
        with as_output_error(self.name):
            if self._path and self._target:
                self.file.close()
                commit_file(self._path, self._target)
            else:
                self.file.seek(0)
                while chunk := self.file.read(CHUNK):
                    _write_all(sys.stdout.buffer, chunk)
                sys.stdout.buffer.flush()
                self.file.close()

    def discard(self) -> None:
        with suppress(OSError):
            self.file.close()
        with suppress(OSError):
            if self._path:
                self._path.unlink()


def _write_all(file: BinaryIO | FileIO, data: bytes) -> None:
    """Writes on where an unbuffered file (of ours, or standard output under `python -u`) took only a part."""
    left = memoryview(data)
    while left:
        left = left[file.write(left) :]


def claim(descriptor: int, path: Path) -> None:
    """Raises `OutputError` if another process writes there, where the system can tell; until it is closed."""
    try:
        import fcntl
    except ImportError:
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise OutputError(f"{path} is being written by another process; wait for it or stop it.") from error
    except OSError:
        pass  # a file system without locks


def refuse_existing(path: Path) -> None:
    """Raises `OutputError` if there is anything at `path`, a broken link included."""
    if os.path.lexists(path):
        raise OutputError(f"{path} exists and is left as it is; give another name or remove it first.")


@contextmanager
def as_output_error(name: Path | str) -> Iterator[None]:
    """Turns every `OSError` but `BrokenPipeError` into an `OutputError` about `name`."""
    try:
        yield
    except (BrokenPipeError, OutputError):
        raise
    except OSError as error:
        reason = error.strerror or error
        raise OutputError(f"{name} cannot be written ({reason}); make room or write elsewhere.") from error
