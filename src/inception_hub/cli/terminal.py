"""The terminal as a run listener: notes and epochs as lines, progress as a bar with the time left."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from ..evaluation import Epoch
from ..system.text import printable
from ..training.listener import RunListener
from .console import say


class TerminalListener(RunListener):
    """Shows notes and epochs as lines on standard error, and progress as a bar if that is a terminal."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeRemainingColumn,
        )

        console = Console(stderr=True)
        self._bar = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            TextColumn("left"),
            console=console,
            disable=not sys.stderr.isatty() or not console.is_interactive,
            transient=True,
        )
        self._task = self._bar.add_task("", total=None, visible=False)
        self._description = ""

    def note(self, message: str) -> None:
        self._say(message)

    def progress(self, task: str, done: int, total: int) -> None:
        if task != self._description:
            self._description = task
            self._bar.reset(
                self._task, description=printable(task), total=total, completed=done, visible=True
            )
        self._bar.update(self._task, completed=done, total=total)

    def epoch(self, epoch: Epoch) -> None:
        validation = f", {epoch.validation}" if epoch.validation else ""
        # The bar tells how long it takes; without one, the speed does.
        speed = f", {epoch.images_per_second:.0f} photos a second" if self._bar.disable else ""
        self._say(f"epoch {epoch.epoch}: loss {epoch.train_loss:.3f}{validation}{speed}")

    def open(self) -> None:
        """Shows the bar, if standard error is a terminal."""
        if not self._bar.disable:
            self._bar.start()

    def close(self) -> None:
        if self._bar.live.is_started:
            self._bar.stop()

    def _say(self, message: str) -> None:
        if self._bar.disable:
            say(message)
        else:
            self._bar.console.print(printable(message), markup=False, highlight=False)


@contextmanager
def terminal_listener() -> Iterator[TerminalListener]:
    """A `TerminalListener` whose bar disappears with the end of the block."""
    listener = TerminalListener()
    listener.open()
    try:
        yield listener
    finally:
        listener.close()
