"""TOML read within bounds, for a few kilobytes of it can keep Python's reader busy for minutes."""

import tomllib
from typing import Any

MOST_DOTS = 100  # in a line: the reader's time grows with the square of a dotted name's parts
LARGEST = 1 << 63  # of whole numbers, as TOML has them


def read_toml(content: bytes) -> dict[str, Any]:
    """The tables of `content`, in UTF-8; raises `ValueError` for what is no TOML, with a reason in words."""
    text = content.decode("utf-8")
    for number, line in enumerate(text.split("\n"), 1):
        if line.count(".") > MOST_DOTS:
            raise ValueError(f"line {number} has more than {MOST_DOTS} dots")
    try:
        document = tomllib.loads(text)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    waiting: list[Any] = [document]
    while waiting:
        value = waiting.pop()
        if isinstance(value, (dict, list)):
            waiting += value.values() if isinstance(value, dict) else value
        elif isinstance(value, int) and not -LARGEST <= value < LARGEST:
            raise ValueError("a whole number has more than 64 bits")
    return document
