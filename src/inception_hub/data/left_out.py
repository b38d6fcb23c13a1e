"""What lies beside the photos of a data set and is not read, in sentences. Standard library only."""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from ..images.find import EXTENSIONS, Unread
from ..images.folders import is_hidden
from ..system.text import counted, first_few
from .data_files import METADATA

NAMES = {"labels.txt", "wnids.txt", *METADATA}  # of what is read where it is needed


def left_out(root: Path, photos: Iterable[str], unless: str) -> list[str]:
    """What folders below `root` hold besides `photos`: other files, other photos, nothing.

    `unless`: why other photos are not read.
    """
    taken = set(photos)
    holding = {str(root)}
    for folder in {os.path.dirname(photo) for photo in taken}:
        while folder not in holding and len(folder) > len(str(root)):
            holding.add(folder)
            folder = os.path.dirname(folder)
    unread, outside, empty = Unread(), [], []
    waiting = [str(root)]  # os.walk goes no deeper than a thousand levels
    while waiting:
        folder, folders, files = next(os.walk(waiting.pop()), ("", [], []))
        below = [os.path.join(folder, name) for name in sorted(folders) if not is_hidden(name)]
        waiting += [path for path in reversed(below) if not os.path.islink(path)]
        if folder in holding:
            empty += [path for path in below if path not in holding]
        for name in sorted(files):
            if is_hidden(name) or os.path.join(folder, name) in taken or name in NAMES:
                continue
            if name.lower().endswith(EXTENSIONS):
                outside.append(os.path.join(folder, name))
            else:
                unread.add(name)
    notes = [str(unread)] if unread else []
    if outside:
        notes.append(_sentence(outside, root, "photo is", "photos are", f"not read, {unless}"))
    if empty:
        notes.append(_sentence(empty, root, "folder holds", "folders hold", "no photo"))
    return notes


def _sentence(paths: Sequence[str], root: Path, one: str, many: str, what: str) -> str:
    names = [os.path.relpath(path, root) for path in paths]
    return f"{counted(len(paths), one, many)} {what}: {first_few(names)}."
