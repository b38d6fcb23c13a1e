"""Names of files and folders that every system accepts, and when two names are the same file on some system.

Windows refuses some characters and words. It and macOS take upper and lower case for one, and an accented
character for the same whether its accent is written as a character of its own or not.
"""

import os
import unicodedata

FORBIDDEN = frozenset('\\:*?"<>|')  # characters, on Windows; `/` parts paths on every system
DEVICES = frozenset(  # names that Windows keeps for devices
    ["con", "prn", "aux", "nul", "conin$", "conout$"]
    + [f"{port}{number}" for port in ("com", "lpt") for number in "0123456789\xb9\xb2\xb3"]
)
BEGINNING = 100  # bytes of a name within that of a folder made beside it: names may have 255


def is_device(name: str) -> bool:
    """Whether `name` is a device on Windows, as `aux`, `NUL.txt` and `com1 .x` are."""
    return name.partition(".")[0].rstrip().casefold() in DEVICES


def folded(name: str) -> str:
    """`name`, or a path, in a form that is equal for names that some file system takes for the same.

    Unicode's canonical caseless match (section 3.13, D145), as Windows and macOS compare names.
    """
    return unicodedata.normalize("NFD", unicodedata.normalize("NFD", name).casefold())


def beginning(name: str) -> str:
    """As many characters of `name` as fit into `BEGINNING` bytes; macOS accepts only whole ones."""
    name = name[:BEGINNING]
    while len(os.fsencode(name)) > BEGINNING:
        name = name[:-1]
    return name
