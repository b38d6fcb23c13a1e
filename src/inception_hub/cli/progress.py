"""Progress bars on standard error, for people; nothing is drawn where nobody looks."""

import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from ..images.find import find_images
from ..system.text import counted


@contextmanager
def download_progress() -> Iterator[Callable[[int, int | None], None]]:
    """A callback of bytes done and bytes in all; the bar appears with the first of them."""
    columns = (BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    bar = Progress("downloading", *columns, console=Console(stderr=True))
    task = bar.add_task("download", total=None)

    def update(done: int, total: int | None) -> None:
        bar.start()
        bar.update(task, completed=done, total=total)

    try:
        yield update
    finally:
        if bar.live.is_started:  # to stop what never began would print an empty line
            bar.stop()


class PhotoCounter:
    """Counts the photos of a run; shows nothing."""

    def begin(self, done: int) -> None:
        """Called before the first photo, with those that are done already."""

    def advance(self) -> None:
        """Called for every photo done."""


class ShownPhotoCounter(PhotoCounter):
    """Shows how many photos are done, and how long the others will take once they are counted."""

    def __init__(self, inputs: Sequence[str], bar: Progress) -> None:
        self._inputs, self._bar = inputs, bar
        self._task = bar.add_task("0 photos", total=None)
        self._total: int | None = None
        self._before = self._done = 0
        self._began = time.monotonic()
        self._ended = False

    def begin(self, done: int) -> None:
        self._before = self._done = done
        self._began = time.monotonic()
        threading.Thread(target=self._count, daemon=True).start()

    def advance(self) -> None:
        self._bar.start()
        self._done += 1
        self._bar.update(self._task, description=self._text(time.monotonic() - self._began))

    def end(self) -> None:
        """Ends the counting, if it is not done yet, and what is shown."""
        self._ended = True
        if self._bar.live.is_started:  # to stop what never began would print an empty line
            self._bar.stop()

    def _count(self) -> None:
        total = 0
        for _ in find_images(self._inputs):
            if self._ended:
                return
            total += 1
        self._total = total

    def _text(self, seconds: float) -> str:
        rate = (self._done - self._before) / max(seconds, 1e-3)
        if self._total is None:
            return f"{counted(self._done, 'photo')}, {rate:.0f} a second"
        total = max(self._total, self._done)  # photos may have been added
        left = timedelta(seconds=round((total - self._done) / rate))
        share = self._done / total
        return f"{self._done:,} of {counted(total, 'photo')}, {share:.0%}, {rate:.0f} a second, {left} left"


@contextmanager
def photo_counter(inputs: Sequence[str], rows_on_terminal: bool) -> Iterator[PhotoCounter]:
    """A counter of the photos that `inputs` name: shown on a terminal, unless the rows themselves are."""
    if rows_on_terminal or not sys.stderr.isatty():
        yield PhotoCounter()
        return
    columns = SpinnerColumn(), TextColumn("{task.description}")
    counter = ShownPhotoCounter(inputs, Progress(*columns, console=Console(stderr=True)))
    try:
        yield counter
    finally:
        counter.end()
