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

HEIC = (".heic", ".heif")  # read where pillow-heif is installed
# The last three of JPEG's are those of old browsers and of cameras that add more pictures.
EXTENSIONS = (
    *(".jpg", ".jpeg", ".jfif", ".jpe", ".mpo", ".png", ".webp", ".avif", ".gif", ".bmp", ".tif", ".tiff"),
    *(HEIC if importlib.util.find_spec("pillow_heif") else ()),
)
# Folders that storage devices and systems put beside people's, with thumbnails, deleted files and copies.
FOREIGN = {
    *("@eadir", "@recycle", "@recently-snapshot", "@__thumb", "@tmp", "@sharebin", "#recycle", "#snapshot"),
    *("@sharesnap", "~snapshot", "$recycle.bin", "recycler", "system volume information", "found.000"),
    *("network trash folder", "temporary items", "lost+found", "lost.dir", "__macosx", "__pycache__"),
}


def is_hidden(name: str) -> bool:
    """Whether a file or folder of that name is none that people put there."""
    return name.startswith(".") or name.lower() in FOREIGN


class Unread(Counter[str]):
    """Files of folders that are no photos by their names, counted by ending."""

    def add(self, name: str) -> None:
        """Counts a file by its name."""
        self[os.path.splitext(name)[1].lower() or "without an ending"] += 1

    def __str__(self) -> str:
        files = counted(self.total(), "file is", "files are")
        endings = ", ".join(f"{count:,} {ending}" for ending, count in self.most_common(10))
        more = f" and {len(self) - 10} other endings" if len(self) > 10 else ""
        hint = f" HEIC needs pillow-heif: {install_command('heic')}." if self.keys() & set(HEIC) else ""
        return f"{files} not read, being no photos by their names: {endings}{more}.{hint}"


def find_images(
    inputs: Iterable[str], unread: Unread | None = None, without: str | None = None
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


def _find(given: str, unread: Unread, without: str | None) -> Iterator[str]:
    given = at_home(given)
    if os.path.isdir(given):
        paths, kind = _walk(given, set(), unread, without), "folder holds no photo"
    elif given != "-" and not os.path.lexists(given) and glob.has_magic(given):
        paths, kind = _glob(given, unread), "pattern matches no photo"
    else:
        return iter([given])
    first = next(paths, None)
    if first is None and without is not None and _is_inside(without, given):
        return paths
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


def _walk(folder: str, above: set[tuple[int, int]], unread: Unread, without: str | None) -> Iterator[str]:
    """`above` holds the folders we are inside of, so that a link back to one is not followed forever."""
    try:
        status = os.stat(folder)
        with os.scandir(folder) as entries:
            visible = sorted((entry for entry in entries if not is_hidden(entry.name)), key=lambda e: e.name)
    except OSError:
        yield folder  # vanished or locked: an error of its own; the others follow
        return
    identity = (status.st_dev, status.st_ino)
    if identity in above or (without is not None and _is_at(without, status)):
        return
    for entry in visible:
        if entry.is_dir():
            yield from _walk(entry.path, above | {identity}, unread, without)
        elif entry.name.lower().endswith(EXTENSIONS):
            yield entry.path
        else:
            unread.add(entry.name)


def _is_at(path: str, status: os.stat_result) -> bool:
    try:
        return os.path.samestat(os.stat(path), status)
    except OSError:
        return False


def _is_inside(path: str, folder: str) -> bool:
    return os.path.realpath(path).startswith(os.path.join(os.path.realpath(folder), ""))
