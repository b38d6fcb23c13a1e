"""The tables of docs/reliability.md: one kind of row, one table between two markers for each script."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

BENCHMARKS = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(BENCHMARKS))

from peers import page  # noqa: E402

PAGE = BENCHMARKS.parent / "docs" / "reliability.md"
HEAD = """\
| what | tried | right answer | clean error | anything else | most seconds | most MB |
|---|---|---|---|---|---|---|"""


@dataclass(frozen=True)
class Row:
    """How many ended how; `seconds` and `megabytes` are the most that one of them took, where measured."""

    what: str
    tried: int
    answered: int
    refused: int
    seconds: float | None = None
    megabytes: float | None = None

    @property
    def other(self) -> int:
        """Tracebacks, crashes, hangs, wrong answers, too much memory: must be zero."""
        return self.tried - self.answered - self.refused


def table(rows: Sequence[Row], note: str = "") -> str:
    """Markdown; below the rows the machine, the date and `note`, a sentence on what was run."""
    lines = [
        f"| {r.what} | {r.tried:,} | {r.answered:,} | {r.refused:,} | **{r.other:,}** "
        f"| {_number(r.seconds, 2)} | {_number(r.megabytes, 0)} |"
        for r in rows
    ]
    return "\n".join([HEAD, *lines, "", f"{page.machine()}. {note}".strip()])


def report(name: str, rows: Sequence[Row], note: str = "", *, write_docs: bool) -> None:
    """Prints the table of the script `name`, puts it into the page if asked to, and ends with 1 unless all
    is as it must be."""
    text = table(rows, note)
    print(text)
    if write_docs:
        page.write(name, text, PAGE)
    if any(row.other for row in rows):
        sys.exit(1)


def _number(value: float | None, digits: int) -> str:
    return "" if value is None else f"{value:,.{digits}f}"
