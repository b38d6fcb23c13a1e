"""What people give for a module by mistake: a photo, a folder of them, a part of a module, a graph."""

import os
from collections.abc import Iterator
from contextlib import suppress
from itertools import chain, islice
from pathlib import Path

from ..bundle.manifest import MANIFEST, WEIGHTS
from ..errors import HandleError
from ..formats import openvino, tf_checkpoint
from ..formats.table import find_reader
from ..images.find import EXTENSIONS

LOOKED_AT = 1000  # entries of a folder


def refuse_mistaken(path: Path, shown: str) -> None:
    """Raises `HandleError` if `path`, called `shown` in the message, is known to be no module."""
    if path.suffix.lower() in EXTENSIONS and path.is_file():
        raise HandleError(f"{shown} is a photo; give a module, such as tiny_imagenet.")
    if path.name in (MANIFEST, WEIGHTS) and os.path.isfile(path.parent / MANIFEST):
        raise HandleError(f"{shown} is a file of a module; give the directory that it lies in.")
    if openvino.is_graph(path):
        raise HandleError(
            f"{shown} is an OpenVINO graph, whose layers are folded together and cannot be read back; give "
            "the module it was exported from, or an export in another format."
        )
    if path.is_dir() and not tf_checkpoint.files(path) and not find_reader(path):
        if os.path.isfile(path / WEIGHTS):
            raise HandleError(
                f"{shown} has {WEIGHTS} and lacks {MANIFEST}, which a module needs; restore the module or "
                "pull it again."
            )
        if _holds_photos(path):
            raise HandleError(f"{shown} holds photos and no module; give a module, such as tiny_imagenet.")


def _holds_photos(folder: Path) -> bool:
    """Whether a photo lies in `folder` or in a folder within."""
    entries = list(_entries(folder))
    within = (each for entry in entries if entry.is_dir() for each in _entries(entry.path))
    named = (entry for entry in chain(entries, within) if entry.name.lower().endswith(EXTENSIONS))
    return any(entry.is_file() for entry in named)


def _entries(folder: str | Path) -> Iterator[os.DirEntry[str]]:
    with suppress(OSError), os.scandir(folder) as entries:
        yield from islice(entries, LOOKED_AT)
