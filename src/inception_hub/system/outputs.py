"""Outputs of runs: their names, each kept for one run from its beginning, and the errors about them.

So a second run with the same output is refused at once, not when it has computed for an hour.
"""

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from ..errors import ArgumentError, InceptionHubError, OutputError
from .atomic import CLAIMED, make_folders, remove_folders, remove_stale
from .locks import hold_directory, release
from .names import beginning, folded

PAUSES = (0.01, 0.05)  # seconds; who removes what a killed run left holds it for less


@contextmanager
def claimed(path: Path) -> Iterator[None]:
    """Keeps the name `path` for the block, in which a file or directory of that name is to be written.

    A hidden folder beside it is locked and, in the end, removed; that of a killed run is removed by the next
    one that writes beside it. Folders above it that are missing are made, and removed if they stay empty.
    Raises `OutputError` if another process has claimed the name, or nothing can be written there.
    """
    whole = Path(os.path.abspath(path))
    parent, folder = whole.parent, whole.parent / f".{beginning(whole.name)}{CLAIMED}"
    made: list[Path] = []
    with as_output_error(path):
        try:
            made = make_folders(parent)
            remove_stale(parent)
            held = _hold(folder)
        except BlockingIOError as error:
            raise taken(path) from error
        except OSError:
            remove_folders(made)
            raise
    try:
        yield
    finally:
        with suppress(OSError):
            folder.rmdir()
        release(held)
        remove_folders(made)


@contextmanager
def held(directory: Path) -> Iterator[None]:
    """Keeps `directory` for the block, in which files are put into it.

    It and folders above it that are missing are made, and removed if they stay empty. Raises `OutputError` if
    another process keeps it, or it cannot be made.
    """
    with as_output_error(directory):
        made = make_folders(directory)
        try:
            lock = hold_directory(directory)
        except BlockingIOError as error:
            raise taken(directory) from error
    try:
        yield
    finally:
        remove_folders(made)
        release(lock)


def _hold(folder: Path) -> int | None:
    for pause in PAUSES:
        with suppress(BlockingIOError):  # perhaps of one who just now takes it for a killed run's
            return hold_directory(folder)
        time.sleep(pause)
    return hold_directory(folder)


def taken(path: Path) -> OutputError:
    """The error for an output that another process writes."""
    return OutputError(f"{path} is being written by another process; wait for it or stop it.")


def refuse_existing(path: Path) -> None:
    """Raises `OutputError` if there is anything at `path`, a broken link included."""
    if os.path.lexists(path):
        raise OutputError(f"{path} exists and is left as it is; give another name or remove it first.")


def refuse_shared(outputs: Mapping[str, Path | None]) -> None:
    """Raises `ArgumentError` for two of a run's `outputs`, by their options, that are one file somewhere."""
    options: dict[str, str] = {}
    for option, path in outputs.items():
        if path is not None:
            other = options.setdefault(folded(os.path.abspath(path)), option)
            if other != option:
                raise ArgumentError(
                    f"{other} and {option} are both {path}, upper and lower case being one on some systems; "
                    "give each a name of its own."
                )


@contextmanager
def as_output_error(name: Path | str) -> Iterator[None]:
    """Turns every `OSError` but `BrokenPipeError` and errors of ours into an `OutputError` about `name`."""
    try:
        yield
    except (BrokenPipeError, InceptionHubError):  # such as of a photo that is gone, which is not the output
        raise
    except OSError as error:
        reason = error.strerror or error
        raise OutputError(f"{name} cannot be written ({reason}); make room or write elsewhere.") from error
