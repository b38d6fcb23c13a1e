"""Which photos the command line's arguments stand for: files, folders, globs, `-`. Standard library only."""

import glob
import os
from collections.abc import Iterable, Iterator
from itertools import chain

from ..errors import HandleError

EXTENSIONS = (".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff")


def find_images(inputs: Iterable[str]) -> Iterator[str]:
    """Paths in the order of `inputs`: folders in depth, sorted by name, hidden entries skipped.

    `-` is passed through. A path that leads nowhere is yielded as it is, to become an error of its own.
    Only one folder's names are in memory at a time. Raises `HandleError`, before the first path, for a
    folder without photos or a glob that matches nothing.
    """
    return chain.from_iterable([_find(given) for given in inputs])


def _find(given: str) -> Iterator[str]:
    if os.path.isdir(given):
        paths, kind = _walk(given, set()), "folder holds no photo"
    elif given != "-" and not os.path.lexists(given) and glob.has_magic(given):
        paths, kind = _glob(given), "pattern matches no photo"
    else:
        return iter([given])
    first = next(paths, None)
    if first is None:
        raise HandleError(f"{given}: this {kind} ({', '.join(EXTENSIONS)}); give photos or another folder.")
    return chain([first], paths)


def _glob(pattern: str) -> Iterator[str]:
    for path in sorted(glob.iglob(pattern, recursive=True)):
        if path.lower().endswith(EXTENSIONS) and os.path.isfile(path):
            yield path


def _walk(folder: str, above: set[tuple[int, int]]) -> Iterator[str]:
    """`above` holds the folders we are inside of, so that a link back to one is not followed forever."""
    try:
        status = os.stat(folder)
        with os.scandir(folder) as entries:
            visible = sorted(
                (entry for entry in entries if not entry.name.startswith(".")), key=lambda e: e.name
            )
    except OSError:
        yield folder  # vanished or locked: an error of its own; the others follow
        return
    identity = (status.st_dev, status.st_ino)
    if identity in above:
        return
    for entry in visible:
        if entry.is_dir():
            yield from _walk(entry.path, above | {identity})
        elif entry.name.lower().endswith(EXTENSIONS):
            yield entry.path
