"""Text that may hold anything, such as file names and labels, made fit for terminals and files.

Whoever chose a name may have chosen one that moves the cursor, changes the terminal's title, starts a new
line of a log, or computes in a spreadsheet.
"""

import json
import os
import re
from collections.abc import Sequence
from typing import Any

# What makes a spreadsheet take a cell for a formula; the last four are their full-width forms.
FORMULA_STARTS = "=+-@\uff1d\uff0b\uff0d\uff20"
LISTED = 5  # items that a message names
LONGEST_PATH = 32_767  # characters, on any system; following one with more takes minutes
STRAY = r"ud[89a-f][0-9a-f]{2}"  # half a character, as `encoded` writes a path's stray byte, behind its "\\"


def encoded(text: str) -> bytes:
    """`text` in UTF-8; stray bytes of a path, which are no text, become escapes such as `\\udcff`."""
    return text.encode("utf-8", "backslashreplace")


def path_text(path: str) -> str:
    """`path` as text that is all of Unicode, whatever its bytes are; `text_path` gives the path back.

    A stray byte stands as an escape such as `\\udcff`. A `\\` before what looks like one, or before `x5c`,
    stands as `\\x5c`.
    """
    return encoded(re.sub(rf"\\(?={STRAY}|x5c)", r"\\x5c", path)).decode()


def text_path(text: str) -> str:
    """The path that `path_text` made `text` of."""
    return re.sub(rf"\\({STRAY}|x5c)", lambda escape: chr(int(escape[1][1:], 16)), text)


def may_be_path(text: str) -> bool:
    """Whether `text` can be a path: not too long, without zeros and half characters but for stray bytes."""
    try:
        os.fsencode(text)
    except UnicodeEncodeError:
        return False
    return "\0" not in text and len(text) <= LONGEST_PATH


def printable(text: str) -> str:
    """`text` for a terminal: escapes such as `\\x1b` for what could move the cursor or end the line."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c == "\N{NO-BREAK SPACE}" else ascii(c)[1:-1] for c in text)


def counted(number: int, one: str, many: str | None = None) -> str:
    """`1 photo` or `1,200 photos`; `many`: the plural of `one`, None is `one` with an s."""
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"


def first_few(items: Sequence[str]) -> str:
    """The first `LISTED` of `items`, and how many more there are."""
    more = f" and {len(items) - LISTED:,} more" if len(items) > LISTED else ""
    return "; ".join(items[:LISTED]) + more


def json_text(value: Any, indent: int | None = None) -> str:
    """`value` as JSON that is printable: what is not printable in its strings is escaped, as JSON allows.

    Half a character becomes text such as `\\udcff`: most readers refuse a file that holds one, even escaped.
    """
    lines = json.dumps(value, indent=indent, ensure_ascii=False).split("\n")  # those of `indent` alone
    return "\n".join(line if line.isprintable() else _json_escaped(line) for line in lines)


def csv_text(text: str, guard: str = "'") -> str:
    """`text` for a cell of CSV: printable, and behind `guard` where a spreadsheet would compute it."""
    text = printable(text)
    return guard + text if text.startswith(tuple(FORMULA_STARTS)) else text


def csv_path(path: str) -> str:
    """A path for a cell of CSV; it still leads to the file, which `'=1.jpg` would not and `./=1.jpg` does."""
    return csv_text(path, guard="./")


def _json_escaped(line: str) -> str:
    return "".join(c if c.isprintable() else json.dumps(encoded(c).decode())[1:-1] for c in line)
