"""The table for people: each photo beside its labels, with bars; errors in red. Rendered as rows come.

Widths are fixed by the console's, so that a run of any length streams and its columns stay aligned.
"""

import io
from typing import TextIO

from rich.bar import Bar
from rich.cells import cell_len
from rich.console import Console, RenderableType
from rich.rule import Rule
from rich.table import Table as Grid
from rich.text import Text

from ..inference.row import Row
from ..system.text import printable

NARROWEST, WIDEST = 60, 120  # characters: below, names are lost; beyond, the eye loses the line
GAP = 2
PERCENT = len("100.0%")


class Table:
    """A `TextFormat` of rows of predictions, as wide and as colourful as `stream` allows.

    `top`: predictions of each row; with one, photos stand on consecutive lines.
    """

    def __init__(self, stream: TextIO, top: int) -> None:
        terminal = Console(file=stream)
        # It renders into memory: writing, and what can go wrong with it, is the writer's.
        self._console = Console(
            file=io.StringIO(),
            width=min(max(terminal.width, NARROWEST), WIDEST),
            force_terminal=terminal.is_terminal,
            color_system=terminal.color_system,  # pyright: ignore[reportArgumentType]
            no_color=terminal.no_color,
        )
        self._spaced = top > 1
        self._rows = self._errors = 0
        self._module = ""

    def header(self) -> str:
        return ""

    def row(self, row: Row) -> str:
        lines: list[RenderableType] = []
        if not self._rows:
            lines += [self._line(Text("photo", "bold"), Text("label", "bold")), Rule(style="dim")]
        elif self._spaced:
            lines += [Text()]
        self._rows += 1
        self._module = row.module
        photo = Text(shortened(printable(row.path), self._photo_width))
        if row.error is not None:
            self._errors += 1
            lines.append(self._error(photo, Text(printable(row.error), "red")))
        for rank, prediction in enumerate(row.predictions or ()):
            best = rank == 0
            lines.append(
                self._line(
                    photo if best else Text(),
                    Text(printable(prediction.label), "bold" if best else ""),
                    Bar(1, 0, prediction.probability, color="cyan" if best else "bright_black"),
                    Text(f"{prediction.probability:.1%}", "" if best else "dim"),
                )
            )
        return self._rendered(lines)

    def end(self) -> str:
        if not self._rows:
            return ""
        photos = "1 photo" if self._rows == 1 else f"{self._rows:,} photos"
        unread = f", {self._errors:,} of them in error" if self._errors else ""
        caption = Text(f"{photos}{unread}; answered by {printable(self._module)}", "dim")
        return self._rendered([Text(), caption])

    @property
    def _photo_width(self) -> int:
        return self._console.width * 3 // 10

    def _line(self, photo: Text, label: Text, bar: RenderableType = "", percent: RenderableType = "") -> Grid:
        bar_width = self._console.width // 4
        label_width = self._console.width - self._photo_width - bar_width - PERCENT - 3 * GAP
        grid = Grid.grid(padding=(0, GAP, 0, 0))
        for width in (self._photo_width, label_width, bar_width):
            grid.add_column(width=width, no_wrap=True)
        grid.add_column(width=PERCENT, justify="right", no_wrap=True)
        grid.add_row(photo, label, bar, percent)
        return grid

    def _error(self, photo: Text, error: Text) -> Grid:
        grid = Grid.grid(padding=(0, GAP, 0, 0))
        grid.add_column(width=self._photo_width, no_wrap=True)
        grid.add_column(width=self._console.width - self._photo_width - GAP)
        grid.add_row(photo, error)
        return grid

    def _rendered(self, lines: list[RenderableType]) -> str:
        with self._console.capture() as capture:
            for line in lines:
                self._console.print(line)
        return capture.get()


def shortened(path: str, width: int) -> str:
    """`path` in at most `width` terminal cells: its end, whole names where one fits, behind an ellipsis."""
    if cell_len(path) <= width:
        return path
    start, left = len(path), width - 1
    while start and cell_len(path[start - 1]) <= left:
        start -= 1
        left -= cell_len(path[start])
    return f"…{path[max(start, path.find('/', start)) :]}"
