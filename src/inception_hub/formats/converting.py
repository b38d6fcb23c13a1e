"""Other software at work on an export: what it says goes to standard error, what it raises is a sentence."""

import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout

from ..errors import ExportError, InceptionHubError
from ..system.text import printable

MAX_REASON = 200  # characters


@contextmanager
def converting(software: str) -> Iterator[None]:
    """Raises `ExportError` for whatever `software` raises in the block, but that a module is not installed.

    Its warnings are about its own code, so nobody sees them.
    """
    try:
        with warnings.catch_warnings(), redirect_stdout(sys.stderr):
            warnings.simplefilter("ignore")
            yield
    except (ModuleNotFoundError, InceptionHubError, MemoryError):
        raise
    except Exception as error:
        reason = printable(" ".join(str(error).split()))[:MAX_REASON] or type(error).__name__
        raise ExportError(
            f"{software} does not convert the module ({reason}); try another version of it."
        ) from error
