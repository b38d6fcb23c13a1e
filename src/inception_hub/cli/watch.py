"""A run as the terminal shows it: lines for what happened, a bar with the time left for what goes on."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from ..evaluation import Epoch
from ..training.listener import Watch
from .console import say


class Terminal(Watch):
    """Notes and epochs as lines on standard error, progress as a bar where somebody looks."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeElapsedColumn,
            TimeRemainingColumn,
        )

        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            disable=not sys.stderr.isatty(),
            transient=True,
        )
        self._task = self._bar.add_task("", total=None, visible=False)
        self._what = ""

    def note(self, message: str) -> None:
        self._say(message)

    def progress(self, what: str, done: int, total: int) -> None:
        if what != self._what:
            self._what = what
            self._bar.reset(self._task, description=what, total=total, completed=done, visible=True)
        self._bar.update(self._task, completed=done, total=total)

    def epoch(self, epoch: Epoch) -> None:
        validation = ""
        if epoch.validation_loss is not None and epoch.validation_top1 is not None:
            validation = f", validation loss {epoch.validation_loss:.3f}, top-1 {epoch.validation_top1:.1%}"
        self._say(
            f"{epoch.phase}, epoch {epoch.epoch}: loss {epoch.train_loss:.3f}{validation}, "
            f"{epoch.images_per_second:.0f} photos a second"
        )

    def open(self) -> None:
        """Shows the bar, where somebody looks."""
        if not self._bar.disable:
            self._bar.start()

    def close(self) -> None:
        self._bar.stop()

    def _say(self, message: str) -> None:
        if self._bar.disable:
            say(message)
        else:
            self._bar.console.print(message, markup=False, highlight=False)


@contextmanager
def terminal() -> Iterator[Terminal]:
    """A `Terminal` whose bar ends with the block."""
    watch = Terminal()
    watch.open()
    try:
        yield watch
    finally:
        watch.close()
