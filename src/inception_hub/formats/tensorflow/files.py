"""Files read whole, within a bound, and errors that name them."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ...errors import FormatError, HandleError, InceptionHubError
from ...system.regular import open_regular

# Far beyond what this network needs: 45 MB of weights, 13 kB of index, 2 MB of graphs.
MAX_WEIGHTS_BYTES = 2 << 30
MAX_INDEX_BYTES = 1 << 20
MAX_GRAPHS_BYTES = 16 << 20


def read_bounded(path: Path, limit: int) -> bytes:
    """The content of a file of at most `limit` bytes. Raises `FormatError` for more, and `OSError`."""
    if path.exists() and not path.is_file():
        raise FormatError("no regular file")
    with open_regular(path) as file:
        size = file.seek(0, 2)
        if size > limit:
            raise FormatError(f"more than {limit >> 20} MiB, which no such file of this network has,")
        file.seek(0)
        return file.read(size)


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Turns what the operating system says against `path`, or a file beside it, into a `HandleError`."""
    try:
        yield
    except InceptionHubError:
        raise
    except OSError as error:
        raise HandleError(
            f"{error.filename or path} cannot be read ({error.strerror}); "
            "give a path whose files are there and readable."
        ) from error


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Adds to a `FormatError` the file it arose in, and what to do."""
    try:
        yield
    except FormatError as error:
        raise FormatError(f"{error} in {path}; fetch or copy the file again.") from error
