"""The files of a folder in depth, wherever links in it lead. Standard library only."""

import os
from collections.abc import Iterator

from ..errors import HandleError

AGAIN = 100_000  # entries of folders that were listed before: a dozen of links can make millions of ways
# Folders that storage devices and systems put beside people's, with thumbnails, deleted files and copies.
FOREIGN = {
    *("@eadir", "@recycle", "@recently-snapshot", "@__thumb", "@tmp", "@sharebin", "#recycle", "#snapshot"),
    *("@sharesnap", "~snapshot", "$recycle.bin", "recycler", "system volume information", "found.000"),
    *("network trash folder", "temporary items", "lost+found", "lost.dir", "__macosx", "__pycache__"),
}


def is_hidden(name: str) -> bool:
    """Whether a file or folder of that name is none that people put there."""
    return name.startswith(".") or name.lower() in FOREIGN


def files_below(folder: str, unreadable: set[str] | None = None, without: str | None = None) -> Iterator[str]:
    """All files below `folder` in depth, each folder sorted by name, but hidden ones; any number of levels.

    Only the folders that lead to a file are in memory at a time. A link back to a folder that we are inside
    of is not followed, and `without`, a folder, is not entered. What cannot be listed is added to
    `unreadable` and yielded, too, to become an error of its own; without that set it raises `OSError`.
    Raises `HandleError` where links lead to the same folders again and again.
    """
    listed: set[tuple[int, int]] = set()
    inside: dict[tuple[int, int], Iterator[os.DirEntry[str]]] = {}
    again = 0
    path: str | None = folder
    while path is not None or inside:
        if path is not None:
            try:
                status, entries = os.stat(path), _visible(path)
            except OSError:  # vanished or locked
                if unreadable is None:
                    raise
                unreadable.add(path)
                yield path
            else:
                identity = (status.st_dev, status.st_ino)
                if identity not in inside and not (without is not None and _is_at(without, status)):
                    again += (1 + len(entries)) * (identity in listed)
                    if again > AGAIN:
                        raise HandleError(
                            f"Links in {folder} lead to the same folders more than {AGAIN:,} times; give "
                            "these folders themselves, or take links out."
                        )
                    listed.add(identity)
                    inside[identity] = iter(entries)
            path = None
            continue
        entry = next(next(reversed(inside.values())), None)
        if entry is None:
            inside.popitem()
        elif _is_folder(entry, strict=unreadable is None):
            path = entry.path
        else:
            yield entry.path


def _visible(folder: str) -> list[os.DirEntry[str]]:
    with os.scandir(folder) as entries:
        return sorted((entry for entry in entries if not is_hidden(entry.name)), key=lambda entry: entry.name)


def _is_folder(entry: os.DirEntry[str], strict: bool) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link to itself, or into a locked folder
        if strict:
            raise
        return False


def _is_at(path: str, status: os.stat_result) -> bool:
    try:
        return os.path.samestat(os.stat(path), status)
    except OSError:
        return False
