"""A run over photos on the terminal: progress, messages, Ctrl-C, exit status."""

import signal
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Self

import typer

from ..errors import InputError
from ..system.signals import end_at
from ..system.text import counted
from .cluster import on_cluster
from .console import announce, say, tell_failures, tell_unread

if TYPE_CHECKING:
    from ..images.find import Unread
    from ..inference.options import Options
    from ..module import Module
    from ..output.choices import AnyFormat
    from ..output.run import Summary

CORES_FOR_PROCESSES = 4  # from which photos are decoded in processes beside a GPU
ENDINGS = (signal.SIGINT, signal.SIGTERM)


def run(
    module: "Module",
    inputs: list[str],
    options: "Options",
    *,
    handle: str | None,
    format: "AnyFormat",
    output: str | None = None,
    resume: bool = False,
    gallery: Path | None = None,
    ray: str | None = None,
) -> None:
    """Writes the rows of the photos that `inputs` name; exits with the status that the command line promises.

    `handle`: the module as it was asked for. `output`: None is standard output. `ray`: the address of a Ray
    cluster to run on, None is this machine.
    """
    if ray is not None:
        on_cluster(
            ray, module, inputs, options, format, output, handle=handle, resume=resume, gallery=gallery
        )
        return
    from ..images.find import Unread, find_images
    from ..output.run import Stopped, Target, write_rows
    from .progress import photo_counter

    target = Target(format, None if output is None else Path(output), resume, gallery)
    unread = Unread()
    # Before anything is written: a path that leads nowhere changes nothing.
    paths = find_images(inputs, unread)
    on_terminal = output is None and sys.stdout.isatty()
    signals = StopSignals()
    try:
        with signals, photo_counter(inputs, on_terminal) as counter:

            def begin(rows: int) -> None:
                if rows:
                    say(f"{output} holds the rows of {counted(rows, 'photo')} already.")
                counter.begin(rows)

            summary = write_rows(
                module,
                paths,
                replace(options, processes=_decoding_processes(module)),
                target,
                open_photo=signals.source_of,
                stopped=lambda: signals.received is not None,
                on_begin=begin,
                on_result=lambda: announce(module, handle, names=options.kind == "predictions"),
                on_row=counter.advance,
            )
    except Stopped as stopped:
        if output and format != "table":
            _say_stopped(output, format, stopped.summary.rows)
        raise typer.Exit(128 + (signals.received or 0)) from None  # as shells have it
    _tell(summary, unread, gallery, shown=on_terminal and format == "table")


def _decoding_processes(module: "Module") -> int:
    """How many processes decode photos; 0: threads do.

    A GPU waits for photos, and threads on many cores would wait for each other.
    """
    on_gpu = module.device not in (None, "cpu")
    return module.cores if on_gpu and module.cores >= CORES_FOR_PROCESSES else 0


def _say_stopped(output: str, format: "AnyFormat", rows: int) -> None:
    from ..output.choices import RESUMABLE

    if format in RESUMABLE:
        done = counted(rows, "photo")
        say(f"Stopped with the rows of {done}; the same command with --resume continues.")
    else:
        say(f"Stopped; nothing is kept of {output}, which is written when all is done.")


def _tell(summary: "Summary", unread: "Unread", gallery: Path | None, *, shown: bool) -> None:
    """Tells what a run left behind; exits with 1 or 2 where photos failed. `shown`: their errors were."""
    if summary.resumed and summary.rows == summary.resumed:
        say("No other photo was left.")
    if gallery:
        say(f"Pictures: {gallery}")
    tell_unread(unread)
    tell_failures(summary.rows, summary.failed, [] if shown else summary.errors)


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
        end_at(*ENDINGS)
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
