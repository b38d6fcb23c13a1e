"""Files that are open: Windows neither replaces, renames nor removes them, nor a folder that holds one.

Not all are this process's: a virus scanner opens what was just written, for a moment.
"""

import os
import time
from collections.abc import Callable
from io import IOBase
from pathlib import Path

MOVABLE = os.name == "posix"  # whether a file may take another name, or none, while it is open or mapped
PAUSES = (0.01, 0.05, 0.2, 0.5)  # seconds until another try, where it may not

Name = str | os.PathLike[str]


def replace(source: Name, target: Name) -> None:
    """`os.replace`, tried again for a moment where somebody may have a file open."""
    _patiently(os.replace, source, target)


def rename(source: Name, target: Name) -> None:
    """`os.rename`, tried again for a moment where somebody may have a file open."""
    _patiently(os.rename, source, target)


def _patiently(function: Callable[[Name, Name], None], source: Name, target: Name) -> None:
    for pause in () if MOVABLE else PAUSES:
        try:
            return function(source, target)
        except PermissionError:
            time.sleep(pause)
    function(source, target)


def remove_open(path: Path, file: IOBase) -> None:
    """Removes `path`, if it is there, and closes `file`, which is it.

    In this order where that is possible: a file that is locked is then never there without its lock.
    """
    if MOVABLE:
        path.unlink(missing_ok=True)
        file.close()
    else:
        file.close()
        path.unlink(missing_ok=True)
