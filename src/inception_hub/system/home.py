"""`~` in paths that people give is their home folder. A shell leaves it alone in quotes and after `=`."""

import os


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
