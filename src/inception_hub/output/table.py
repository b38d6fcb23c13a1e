"""The table for people: each photo beside its labels, with bars; errors in red. Rendered as rows come.

Widths are fixed by the console's, so that a run of any length streams and its columns stay aligned.
"""

import io
from typing import TextIO

from rich.cells import cell_len
from rich.console import Console, RenderableType
from rich.rule import Rule
from rich.table import Table as Grid
from rich.text import Text

from ..inference.row import Row
from ..system.text import counted, printable

NARROWEST, WIDEST = 60, 120  # characters: below, names are lost; beyond, the eye loses the line
GAP = 2
NO_CLASS = "no class"  # of an empty set
PERCENT = len("100.0%")
EIGHTHS = " ▏▎▍▌▋▊▉"  # the last block of a bar


class Table:
    """A `TextFormat` of rows of predictions, as wide and as colourful as `stream` allows.

    On a terminal, text that does not fit into its column is cut; in a file or pipe it is whole, and the line
    longer. `spaced`: photos stand apart, as each may have several lines.
    """

    def __init__(self, stream: TextIO, spaced: bool) -> None:
        terminal = Console(file=stream)
        self._on_terminal = terminal.is_terminal
        # It renders into memory: writing, and what can go wrong with it, is the writer's.
        self._console = Console(
            file=io.StringIO(),
            width=min(max(terminal.width, NARROWEST), WIDEST),
            force_terminal=terminal.is_terminal,
            color_system=terminal.color_system,  # pyright: ignore[reportArgumentType]
            no_color=terminal.no_color,
            soft_wrap=True,
        )
        width = self._console.width
        self._photo_width, self._bar_width = width * 3 // 10, width // 4
        self._label_width = width - self._photo_width - self._bar_width - PERCENT - 3 * GAP
        self._spaced = spaced
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
        photo = Text(printable(row.path))
        if self._on_terminal:
            photo = Text(shortened(photo.plain, self._photo_width))
        if row.error is not None:
            self._errors += 1
            lines.append(self._error(photo, Text(printable(row.error), "red")))
        if row.unknown is not None and (row.unknown or not row.predictions):
            lines.append(self._line(photo, Text("unknown" if row.unknown else NO_CLASS, "yellow")))
            photo = Text()
        for rank, prediction in enumerate(row.predictions or ()):
            best = rank == 0
            lines.append(
                self._line(
                    photo if best else Text(),
                    Text(printable(prediction.label), "bold" if best else ""),
                    Text(bar(prediction.probability, self._bar_width), "cyan" if best else "bright_black"),
                    Text(f"{prediction.probability:.1%}".rjust(PERCENT), "" if best else "dim"),
                )
            )
        return self._rendered(lines)

    def end(self) -> str:
        if not self._rows:
            return ""
        caption = counted(self._rows, "photo")
        if self._errors == self._rows:
            caption += " in error" if self._rows == 1 else ", all in error"
        else:
            caption += f", {self._errors:,} of them in error" if self._errors else ""
            caption += f"; answered by {printable(self._module)}"
        return self._rendered([Text(), Text(caption, "dim")])

    def _line(self, photo: Text, label: Text, *figures: Text) -> Text:
        """The cells of a line, each beginning at its column, or later where the one before is too long."""
        line = Text()
        if self._on_terminal:
            label.truncate(self._label_width, overflow="ellipsis")
        widths = (self._photo_width, self._label_width, self._bar_width, PERCENT)
        for cell, width in zip((photo, label, *figures), widths, strict=False):
            line.append(cell)
            line.append(" " * (width - cell.cell_len + GAP))
            if cell.cell_len > width:
                line.append(" " * GAP)
        line.rstrip()
        return line

    def _error(self, photo: Text, error: Text) -> RenderableType:
        if not self._on_terminal:
            return self._line(photo, error)
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


def bar(share: float, width: int) -> str:
    """A bar of `share` (0 to 1) of `width` characters, to an eighth of one, without the blanks after it."""
    eighths = round(share * width * 8)
    return ("█" * (eighths // 8) + EIGHTHS[eighths % 8]).rstrip()


def shortened(path: str, width: int) -> str:
    """`path` in at most `width` terminal cells: its end, whole names where one fits, behind an ellipsis."""
    if cell_len(path) <= width:
        return path
    start, left = len(path), width - 1
    while start and cell_len(path[start - 1]) <= left:
        start -= 1
        left -= cell_len(path[start])
    return f"…{path[max(start, path.find('/', start)) :]}"
