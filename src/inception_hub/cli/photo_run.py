"""A run over photos on the terminal: progress, messages, Ctrl-C, exit status."""

import signal
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Self

import typer

from ..errors import InputError
from .cluster import on_cluster
from .console import say, tell_failures, tell_unread

if TYPE_CHECKING:
    from ..inference.options import Options
    from ..module import Module
    from ..output.choices import AnyFormat

ENDINGS = (signal.SIGINT, signal.SIGTERM)


def run(
    module: "Module",
    inputs: Iterable[str],
    options: "Options",
    *,
    format: "AnyFormat",
    output: str | None = None,
    resume: bool = False,
    gallery: Path | None = None,
    ray: str | None = None,
) -> None:
    """Writes the rows of the photos that `inputs` name; exits with the status that the command line promises.

    `output`: None is standard output. `ray`: the address of a Ray cluster to run on, None is this machine.
    """
    if ray is not None:
        on_cluster(ray, module, list(inputs), options, format, output, resume=resume, gallery=gallery)
        return
    from ..images.find import Unread, find_images
    from ..output.choices import RESUMABLE
    from ..output.run import Stopped, Target, write_rows
    from .progress import photo_counter

    target = Target(format, None if output is None else Path(output), resume, gallery)
    unread = Unread()
    # Before anything is written: a path that leads nowhere changes nothing.
    paths = find_images(list(inputs), unread)

    def tell_resumed(rows: int) -> None:
        say(f"{output} holds the rows of {rows} photos already; the others follow.")

    signals = StopSignals()
    try:
        with signals, photo_counter(output is None and sys.stdout.isatty()) as advance:
            summary = write_rows(
                module,
                paths,
                options,
                target,
                open_photo=signals.source_of,
                stopped=lambda: signals.received is not None,
                on_resume=tell_resumed,
                on_row=advance,
            )
    except Stopped as stopped:
        if output and format in RESUMABLE:
            rows = stopped.summary.rows
            say(f"Stopped with the rows of {rows} photos; the same command with --resume continues.")
        elif output and format != "table":
            say(f"Stopped; nothing is kept of {output}, which is written when all is done.")
        raise typer.Exit(128 + (signals.received or 0)) from None  # as shells have it
    if gallery:
        say(f"Pictures: {gallery}")
    tell_unread(unread)
    tell_failures(summary.rows, summary.failed, summary.errors)


class _Interrupted(Exception):
    """A signal came while a photo on standard input was waited for."""


def source_of(path: str) -> str | bytes:
    """What to decode for an input; `-` is standard input. Raises `InputError` where that is closed."""
    from ..images.photo_file import MAX_BYTES

    if path != "-":
        return path
    try:
        return sys.stdin.buffer.read(MAX_BYTES + 1)
    except OSError as error:
        raise InputError(
            f"Standard input cannot be read ({error.strerror}); give a photo's path, or its bytes there."
        ) from error


class StopSignals:
    """Ctrl-C and SIGTERM stop the intake of photos, and what is under way is written; another ends at once.

    `KeyboardInterrupt` does not: raised within an import it can leave the lock taken that threads wait for.
    `received`: the signal's number, None while there was none.
    """

    received: int | None = None
    _waiting = False  # for a photo on standard input, which may never come

    def __call__(self, number: int, frame: object) -> None:
        self.received = number
        for ending in ENDINGS:
            signal.signal(ending, signal.SIG_DFL)
        if self._waiting:
            raise _Interrupted

    def source_of(self, path: str) -> str | bytes | None:
        """As `source_of`; None where the wait for it was interrupted."""
        if path != "-":
            return path
        try:
            self._waiting = True
            source = source_of(path)
            self._waiting = False
        except _Interrupted:
            return None
        return source

    def __enter__(self) -> Self:
        self._before = {ending: signal.signal(ending, self) for ending in ENDINGS}
        return self

    def __exit__(self, *_: object) -> None:
        for ending, handler in self._before.items():
            signal.signal(ending, handler)
