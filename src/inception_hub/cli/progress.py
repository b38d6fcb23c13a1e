"""Progress bars on standard error, for people; nothing is drawn where nobody looks."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)


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


@contextmanager
def photo_counter(rows_on_terminal: bool) -> Iterator[Callable[[], None]]:
    """A callback for every photo done; shows their number and rate, unless the rows themselves show it."""
    if rows_on_terminal or not sys.stderr.isatty():
        yield lambda: None
        return
    rate = TextColumn("{task.completed} photos, {task.fields[rate]:.0f} a second")
    with Progress(SpinnerColumn(), rate, TimeElapsedColumn(), console=Console(stderr=True)) as bar:
        task = bar.add_task("photos", total=None, rate=0.0)

        def advance() -> None:
            elapsed = bar.tasks[0].elapsed or 1.0
            bar.update(task, advance=1, rate=(bar.tasks[0].completed + 1) / elapsed)

        yield advance
