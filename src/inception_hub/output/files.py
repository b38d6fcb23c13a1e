"""Where rows and pages go: standard output, a file that grows by whole pieces, a file that appears whole.

`BrokenPipeError` passes through: the reader (`| head`) has what it wanted, and the caller ends quietly.
"""

import os
import stat
import sys
import tempfile
from collections.abc import Callable, Iterable
from contextlib import ExitStack, suppress
from io import FileIO
from pathlib import Path
from typing import IO, BinaryIO

from ..errors import OutputError
from ..system.atomic import commit_file, flush_directory, scratch_folder
from ..system.locks import is_open_at, try_lock
from ..system.open_files import remove_open
from ..system.outputs import as_output_error, refuse_existing, taken
from .resume import Done, WrittenRow
from .settings import NO_SETTINGS, Settings, check_record, record_of, write_record

CHUNK = 2**20  # bytes
FLUSHED_EVERY = 4 << 20  # bytes of rows: what a power cut may take
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

    `settings`: what makes the rows, recorded for a run that resumes; None for what none can resume. `done`:
    the rows that an old file holds. What comes after the last whole one is removed.
    """

    def __init__(
        self,
        path: Path,
        settings: Settings | None,
        read: Callable[[BinaryIO, Path], Iterable[WrittenRow]] | None,
    ) -> None:
        self._path, self._settings = path, settings
        self._unflushed = 0
        self.done = Done()
        if not read:
            if _is_held(path):
                raise taken(path)
            refuse_existing(path)
        with as_output_error(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = _open_alone(path, new=not read)
            try:
                if read and os.fstat(self._file.fileno()).st_size:
                    check_record(path, settings or NO_SETTINGS)
                    with open(path, "rb") as rows:
                        self.done = Done(read(rows, path))
                    self._file.truncate(self.done.whole)
                    self._file.seek(self.done.whole)
                elif settings is not None:
                    write_record(path, settings)
            except BaseException:
                if os.fstat(self._file.fileno()).st_size:
                    self._file.close()
                else:
                    remove_open(path, self._file)
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
            self._unflushed += len(data)
            if self._unflushed > FLUSHED_EVERY:
                os.fsync(self._file.fileno())
                self._unflushed = 0

    def close(self) -> None:
        """Waits until the file and its name are on the disk."""
        with as_output_error(self._path):
            os.fsync(self._file.fileno())
            self._file.close()
            flush_directory(self._path.parent)

    def abandon(self) -> None:
        """Keeps what was written; removes the file if that is nothing."""
        if self._file.tell() == 0:
            if self._settings is not None:
                record_of(self._path).unlink(missing_ok=True)
            remove_open(self._path, self._file)
        else:
            self.close()


class PendingFile:
    """A binary file that becomes `target` (None: is copied to standard output) when it is complete.

    It lies beside `target` in a temporary folder; `commit` replaces what is there: whether it may is the
    caller's to check.
    """

    def __init__(self, target: Path | None) -> None:
        self.name = target or STDOUT
        self._target = target
        with as_output_error(self.name), ExitStack() as folder:
            if target:
                # tempfile would make a file that only its owner can read, and renaming would keep it so.
                self._path = folder.enter_context(scratch_folder(target)) / target.name
                self.file: IO[bytes] = self._path.open("xb")
            else:
                self.file = tempfile.TemporaryFile()
            self._folder = folder.pop_all()  # until here it goes with what failed

    def commit(self) -> None:
        with as_output_error(self.name):
            if self._target:
                self.file.close()
                commit_file(self._path, self._target)
                self._folder.close()
            else:
                self.file.seek(0)
                while chunk := self.file.read(CHUNK):
                    _write_all(sys.stdout.buffer, chunk)
                sys.stdout.buffer.flush()
                self.file.close()

    def discard(self) -> None:
        with suppress(OSError):
            self.file.close()
        self._folder.close()


def _is_held(path: Path) -> bool:
    """Whether another process writes the file `path`."""
    if not os.path.isfile(path):
        return False
    with suppress(OSError), open(path, "rb") as file:
        return try_lock(file.fileno()) is False
    return False


def _open_alone(path: Path, new: bool) -> FileIO:
    """The file `path`, locked; `new`: made, and must not be there.

    Raises `OutputError` if another process writes there, or it is no regular file.
    """
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | (os.O_EXCL if new else 0), 0o666)
        file = open(descriptor, "r+b", buffering=0)
        try:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise OutputError(f"{path} is no regular file; give another --output.")
            if try_lock(descriptor) is False:
                raise taken(path)
            if is_open_at(descriptor, path):  # else its last writer removed it, as it held no row
                return file
        except BaseException:
            file.close()
            raise
        file.close()


def _write_all(file: BinaryIO | FileIO, data: bytes) -> None:
    """Writes all of `data`: an unbuffered file, such as standard output under `python -u`, may take part."""
    left = memoryview(data)
    while left:
        left = left[file.write(left) :]
