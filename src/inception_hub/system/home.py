"""The user's folders, and `~` in paths that people give: shells leave it alone in quotes and after `=`."""

import os
import sys
from pathlib import Path


def at_home(given: str | os.PathLike[str]) -> str:
    """`given` with a leading `~` or `~name` expanded, unless there is a file of that very name."""
    path = os.fspath(given)
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
