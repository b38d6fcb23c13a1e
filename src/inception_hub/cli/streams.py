"""Standard input, output and error, whatever state the shell hands them over in.

Imports nothing heavy: it stands before everything else, so that no file of ours gets the number of a stream
that is closed, and libraries that write to it write into that file.

Programs and files get UTF-8 on every system, as from Python 3.15 on; a terminal gets its own encoding.
"""

import errno
import io
import os
import sys
from typing import Any

from ..errors import OutputError

WINDOWS = sys.platform == "win32"  # where a pipe without a reader may also be an "invalid argument"


class _Output(io.FileIO):
    """Standard output: what cannot be written is an `OutputError`, but for a reader that has gone."""

    given_up = False

    def write(self, data: Any, /) -> int:
        if self.given_up:
            return len(data)
        try:
            return super().write(data)
        except OSError as error:
            if isinstance(error, BrokenPipeError) or (WINDOWS and error.errno == errno.EINVAL):
                # Without its number, by which typer would end with status 1: a reader may have enough.
                raise BrokenPipeError("The reader has gone.") from error
            raise OutputError(
                f"Standard output cannot be written ({error.strerror}); make room or write elsewhere."
            ) from error


class _Messages(io.FileIO):
    """Standard error: what cannot be written is dropped, for there is nowhere to say so."""

    def write(self, data: Any, /) -> int:
        try:
            return super().write(data)
        except OSError:
            return len(data)


def prepare() -> None:
    """Fills closed streams, and makes those of this process fail as this package's errors do.

    A closed one is opened the wrong way round: using it fails, as it should, and its number is taken.
    """
    for number, flags in enumerate((os.O_WRONLY, os.O_RDONLY, os.O_WRONLY)):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, flags)  # the lowest number that is free, which is this one
    if sys.stdin is None:
        sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 - as long as the process
    sys.stdout = _prepared(sys.stdout, sys.__stdout__, _Output(1, "w", closefd=False))
    sys.stderr = _prepared(sys.stderr, sys.__stderr__, _Messages(2, "w", closefd=False))


def finish() -> None:
    """Writes what standard output still holds; raises `OutputError`, `BrokenPipeError`."""
    if sys.stdout is not None:
        sys.stdout.flush()


def give_up() -> None:
    """Forgets standard output, which cannot be written, and what it still holds.

    Python would write that when it ends, and complain once more, from 3.13 on by a traceback.
    """
    _Output.given_up = True
    sys.stdout = None


def _prepared(stream: Any, first: Any, raw: io.FileIO) -> Any:
    """`stream` on `raw`; as it is where somebody has put it in the place of Python's, which is `first`."""
    if stream is not None and stream is not first:
        return stream
    if WINDOWS and stream is not None and stream.isatty():
        # A console, whose code page lacks most characters: Python's own way to it takes all but half ones.
        stream.reconfigure(errors="backslashreplace")
        return stream
    return _text(raw, stream)


def _text(raw: io.FileIO, before: Any) -> io.TextIOWrapper:
    encoding = "utf-8"
    if before is not None and (raw.isatty() or raw.fileno() == 2 or "PYTHONIOENCODING" in os.environ):
        encoding = before.encoding
    return io.TextIOWrapper(
        io.BufferedWriter(raw), encoding, "backslashreplace", line_buffering=raw.isatty() or raw.fileno() == 2
    )
