"""What lies beside the photos of a data set and is not read, in sentences. Standard library only."""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from ..images.find import EXTENSIONS, Unread
from ..system.text import counted, listed
from .data_files import FORMATS, DataFiles

NAMES = {"labels.txt", "wnids.txt"}  # of classes, which are read where they are needed


def left_out_of_folders(root: Path, photos: Iterable[str]) -> list[str]:
    """What folders below `root` hold besides the `photos` of classes: other files, other photos, nothing."""
    taken = set(photos)
    holding = {str(root)}
    for folder in {os.path.dirname(photo) for photo in taken}:
        while folder not in holding and len(folder) > len(str(root)):
            holding.add(folder)
            folder = os.path.dirname(folder)
    unread, outside, empty = Unread(), [], []
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        if folder in holding:
            empty += [each for name in folders if (each := os.path.join(folder, name)) not in holding]
        for name in sorted(files):
            if name.startswith(".") or os.path.join(folder, name) in taken or name in NAMES:
                continue
            if name.lower().endswith(EXTENSIONS):
                outside.append(os.path.join(folder, name))
            else:
                unread.add(name)
    notes = [str(unread)] if unread else []
    if outside:
        notes.append(_sentence(outside, root, "photo is", "photos are", "not read, in no class's folder"))
    if empty:
        notes.append(_sentence(empty, root, "folder holds", "folders hold", "no photo"))
    return notes


def left_out_of_shards(data_files: DataFiles) -> list[str]:
    """The Parquet files or tar shards of a folder that are in no split, as their names say none."""
    if data_files.path.is_file():
        return []
    taken = {shard for shards in data_files.files.values() for shard in shards}
    suffixes = tuple(suffix for suffix, format in FORMATS.items() if format == data_files.format)
    with os.scandir(data_files.path) as entries:
        names = (e.path for e in entries if e.name.lower().endswith(suffixes) and not e.name.startswith("."))
        others = sorted(path for path in names if path not in taken)
    if not others:
        return []
    return [_sentence(others, data_files.root, "file is", "files are", "not read, named after no split")]


def _sentence(paths: Sequence[str], root: Path, one: str, many: str, what: str) -> str:
    names = [os.path.relpath(path, root) for path in paths]
    return f"{counted(len(paths), one, many)} {what}: {listed(names)}."
