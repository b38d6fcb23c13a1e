"""Standard input, output and error, whatever state the shell hands them over in.

Imports nothing heavy: it stands before everything else, so that no file of ours gets the number of a stream
that is closed, and libraries that write to it write into that file.
"""

import io
import os
import sys
from typing import Any

from ..errors import OutputError


class _Output(io.FileIO):
    """Standard output: what cannot be written is an `OutputError`, but for a reader that has gone."""

    def write(self, data: Any, /) -> int:
        try:
            return super().write(data)
        except BrokenPipeError as error:
            # Without its number, by which typer would end with status 1: a reader may have enough.
            raise BrokenPipeError("The reader has gone.") from error
        except OSError as error:
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
    if sys.stdout is None or sys.stdout is sys.__stdout__:
        sys.stdout = _text(_Output(1, "w", closefd=False), sys.stdout)
    if sys.stderr is None or sys.stderr is sys.__stderr__:
        sys.stderr = _text(_Messages(2, "w", closefd=False), sys.stderr)


def finish() -> None:
    """Writes what standard output still holds; raises `OutputError`, `BrokenPipeError`."""
    if sys.stdout is not None:
        sys.stdout.flush()


def give_up() -> None:
    """Forgets standard output, which cannot be written: Python would complain once more when it ends."""
    sys.stdout = None


def _text(raw: io.FileIO, before: Any) -> io.TextIOWrapper:
    encoding = getattr(before, "encoding", None) or "utf-8"
    return io.TextIOWrapper(
        io.BufferedWriter(raw), encoding, "backslashreplace", line_buffering=raw.isatty() or raw.fileno() == 2
    )
