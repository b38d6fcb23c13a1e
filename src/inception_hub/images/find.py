"""Which photos the command line's arguments stand for: files, folders, globs, `-`. Standard library only."""

import glob
import importlib.util
import os
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import chain

from ..errors import HandleError
from ..system.extras import install_command
from ..system.home import at_home
from ..system.text import counted
from .folders import files_below

HEIC = (".heic", ".heif")  # read where pillow-heif is installed
# The last three of JPEG's are those of old browsers and of cameras that add more pictures.
EXTENSIONS = (
    *(".jpg", ".jpeg", ".jfif", ".jpe", ".mpo", ".png", ".webp", ".avif", ".gif", ".bmp", ".tif", ".tiff"),
    *(HEIC if importlib.util.find_spec("pillow_heif") else ()),
)


class Unread(Counter[str]):
    """Files of folders that are no photos by their names, counted by ending."""

    def add(self, name: str) -> None:
        """Counts a file by its name."""
        self[os.path.splitext(name)[1].lower() or "without an ending"] += 1

    def __str__(self) -> str:
        files = counted(
            self.total(),
            "file is not read, being no photo by its name",
            "files are not read, being no photos by their names",
        )
        endings = ", ".join(f"{count:,} {ending}" for ending, count in self.most_common(10))
        more = f" and {len(self) - 10} other endings" if len(self) > 10 else ""
        hint = f" HEIC needs pillow-heif: {install_command('heic')}." if self.keys() & set(HEIC) else ""
        return f"{files}: {endings}{more}.{hint}"


def find_images(
    inputs: Iterable[str | os.PathLike[str]], unread: Unread | None = None, without: str | None = None
) -> Iterator[str]:
    """Paths in the order of `inputs`: folders in depth, sorted by name, hidden entries skipped, and
    the folders that storage devices put beside people's.

    `-` is passed through. A path that leads nowhere is yielded as it is, to become an error of its own.
    Only one folder's names are in memory at a time. `unread` counts the other files, as they are passed.
    `without`: a folder that is not entered. Raises `HandleError`, before the first path, for a folder without
    photos, unless they are all there, or a glob that matches nothing.
    """
    passed = Unread() if unread is None else unread
    return chain.from_iterable([_find(given, passed, without) for given in inputs])


def _find(one: str | os.PathLike[str], unread: Unread, without: str | None) -> Iterator[str]:
    given = at_home(one)
    if os.path.isdir(given):
        paths, kind = _walk(given, unread, without), "folder holds no photo"
    elif given != "-" and not os.path.lexists(given) and glob.has_magic(given):
        paths, kind = _glob(given, unread), "pattern matches no photo"
    else:
        return iter([given])
    first = next(paths, None)
    if first is None and without is not None and os.path.isdir(given):
        if _is_inside(without, given):
            return paths
        if os.path.realpath(without) == os.path.realpath(given):
            raise HandleError(f"{given}: photos go into this folder, so none is taken from it; give another.")
    if first is None:
        raise HandleError(f"{given}: this {kind} ({', '.join(EXTENSIONS)}); give photos or another folder.")
    return chain([first], paths)


def _glob(pattern: str, unread: Unread) -> Iterator[str]:
    for path in sorted(glob.iglob(pattern, recursive=True)):
        if not os.path.isfile(path):
            continue
        if path.lower().endswith(EXTENSIONS):
            yield path
        else:
            unread.add(path)


def _walk(folder: str, unread: Unread, without: str | None) -> Iterator[str]:
    unreadable: set[str] = set()
    for path in files_below(folder, unreadable, without):
        if path.lower().endswith(EXTENSIONS) or path in unreadable:
            yield path
        else:
            unread.add(os.path.basename(path))


def _is_inside(path: str, folder: str) -> bool:
    return os.path.realpath(path).startswith(os.path.join(os.path.realpath(folder), ""))
