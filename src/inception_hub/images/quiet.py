"""Keeps what Pillow and libtiff would write about damaged photos off the terminal.

A photo may cause tens of thousands of warnings; an `ImageError` says what there is to say.
"""

import ctypes
import ctypes.util
import functools
import logging
import threading
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import PIL

_lock = threading.Lock()
_inside = 0
_filters = ExitStack()


@contextmanager
def quiet() -> Iterator[None]:
    """Without Pillow's warnings, in any number of threads at once.

    The filters of warnings are the process's: the first thread sets one and the last puts back what was.
    """
    global _inside
    _silence_libraries()
    with _lock:
        _inside += 1
        if _inside == 1:
            _filters.enter_context(warnings.catch_warnings())
            warnings.filterwarnings("ignore", module=r"PIL\.")
    try:
        yield
    finally:
        with _lock:
            _inside -= 1
            if not _inside:
                _filters.close()


@functools.cache
def _silence_libraries() -> None:
    """Pillow's log, where nobody asked for it, and libtiff's complaints, which it writes by itself."""
    logging.getLogger("PIL").addHandler(logging.NullHandler())
    for path in (*_in_wheel(Path(PIL.__file__).parent), ctypes.util.find_library("tiff")):
        if path:
            with suppress(OSError, AttributeError):
                ctypes.CDLL(path).TIFFSetErrorHandler(None)
                return


def _in_wheel(pillow: Path) -> list[str]:
    """libtiff as Pillow's wheels for Linux and macOS have it; in those for Windows it is part of Pillow."""
    return sorted(map(str, (*pillow.parent.glob("pillow.libs/libtiff*"), *pillow.glob(".dylibs/libtiff*"))))
