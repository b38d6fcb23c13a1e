"""Names of folders for labels, and of files in them, that every system accepts and that never meet."""

import os
import unicodedata
from collections.abc import Sequence
from pathlib import Path

from ..system.names import FORBIDDEN, folded, is_device

UNSURE = "unsure"  # the folder of photos that no class is likely enough for
JOURNAL = "organised.jsonl"
SIDECAR = ".xmp"  # after the photo's whole name
MOST_BYTES = 100  # of a folder's name


def folder_names(labels: Sequence[str]) -> list[str]:
    """A folder's name for each of `labels`: no two are one on any system: see `folded`."""
    taken = {UNSURE, JOURNAL}
    names = []
    for label in labels:
        plain = name = folder_name(label)
        number = 2
        while folded(name) in taken:
            name, number = f"{plain}-{number}", number + 1
        taken.add(folded(name))
        names.append(name)
    return names


def folder_name(label: str) -> str:
    """`label` as one folder's name: no separators, nothing that is not printable, at most `MOST_BYTES`."""
    text = unicodedata.normalize("NFC", label)
    safe = "".join("_" if c == "/" or c in FORBIDDEN or not c.isprintable() else c for c in text).strip(" .")
    if is_device(safe):
        safe = f"_{safe}"
    cut = safe.encode()[:MOST_BYTES].decode("utf-8", "ignore").rstrip(" .")
    return cut or "_"


class FreeNames:
    """Chooses names of files in folders below `into` that nothing has; `planned`: nor was chosen before.

    `planned` is for what is only planned; files that are made take their names on the disk.
    """

    def __init__(self, into: Path, *, sidecars: bool, planned: bool = False) -> None:
        self._into, self._endings = into, ("", SIDECAR) if sidecars else ("",)
        self._chosen: set[str] | None = set() if planned else None
        self._next: dict[str, int] = {}  # of names that were taken: the number tried first

    def choose(self, folder: str, name: str) -> str:
        """`folder/name`, its stem followed by -2, -3 and so on where that is taken."""
        stem, ending = os.path.splitext(name)
        key = folded(f"{folder}/{name}")
        number = self._next.get(key, 1)
        while True:
            chosen = f"{folder}/{name}" if number == 1 else f"{folder}/{stem}-{number}{ending}"
            if not any(self._is_taken(chosen + each) for each in self._endings):
                break
            number += 1
        if number > 1:
            self._next[key] = number
        if self._chosen is not None:
            self._chosen.update(folded(chosen + each) for each in self._endings)
        return chosen

    def _is_taken(self, name: str) -> bool:
        planned = self._chosen is not None and folded(name) in self._chosen
        return planned or os.path.lexists(self._into / name)
