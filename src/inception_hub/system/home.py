"""The user's folders, and `~` in paths that people give: shells leave it alone in quotes and after `=`."""

import os
import sys
from pathlib import Path

from ..errors import InputError


def at_home(given: str | os.PathLike[str]) -> str:
    """`given` with a leading `~` or `~name` expanded, unless there is a file of that very name.

    Raises `InputError` for anything but text or a path.
    """
    path = os.fspath(given) if isinstance(given, os.PathLike) else given
    if not isinstance(path, str):
        raise InputError(f"A path is {path!r:.60}; give text or a pathlib.Path, such as 'photos'.")
    if path.startswith("~") and not os.path.lexists(path):
        return os.path.expanduser(path)
    return path


def argument_at_home(argument: str) -> str:
    """An argument of a command line with the path in it at home, also that of `--option=~/path`."""
    if argument.startswith("-"):
        name, equals, value = argument.partition("=")
        return f"{name}{equals}{at_home(value)}"
    return at_home(argument)


def cache_home() -> Path:
    """The user's folder for what programs can make again."""
    home = Path(os.path.expanduser("~"))
    if sys.platform == "darwin":
        return home / "Library" / "Caches"
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local")
    # The XDG base directory specification: a relative path is to be ignored.
    chosen = Path(os.environ.get("XDG_CACHE_HOME", ""))
    return chosen if chosen.is_absolute() else home / ".cache"
