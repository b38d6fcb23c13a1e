"""Compiled graphs on disk: with one at hand the first call needs neither the weights nor the compiler.

A file is a SHA-256 and the content it is of; it appears whole. A damaged one, or one that the engine cannot
take (another OpenVINO, another CPU), counts as none. Whatever goes wrong, the graph is compiled anew.
"""

import hashlib
import os
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..system.atomic import atomic_file, remove_stale
from ..system.regular import open_regular

DIGEST = hashlib.sha256().digest_size


@dataclass(frozen=True)
class CompiledGraphCache:
    """Compiled graphs of one set of weights, known by its identity (see `LazyWeights`).

    Only for images of `size` (height, width), the default size of their module: each file is as large as the
    weights.
    """

    folder: Path
    weights: str
    size: tuple[int, int]

    def load(self, what: str) -> NDArray[np.uint8] | None:
        """What was stored as `what`, mapped from its file, if it is whole.

        The array can be written to, as OpenVINO asks of memory it does not copy; the file stays as it is.
        """
        path = self._path(what)
        try:
            with open_regular(path) as file:
                content = np.memmap(file, np.uint8, "c")
        except (OSError, ValueError):  # the latter: it is empty
            return None
        with suppress(OSError):
            os.utime(path)  # `remove_unused` goes by it
        graph = content[DIGEST:]
        return graph if hashlib.sha256(graph.data).digest() == content[:DIGEST].tobytes() else None

    def store(self, what: str, graph: bytes) -> None:
        """Keeps `graph` as `what`, where that can be done."""
        path = self._path(what)
        with suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
            with atomic_file(path) as temporary:
                temporary.write_bytes(hashlib.sha256(graph).digest() + graph)

    def _path(self, what: str) -> Path:
        height, width = self.size  # two modules may hold the same weights and differ in it
        name = hashlib.sha256(f"{height}x{width} {what}".encode()).hexdigest()[:32]
        return self.folder / self.weights / f"{name}.graph"


def has_graphs(folder: Path, weights: str) -> bool:
    """Whether a graph was made of these weights, which were checked then."""
    try:
        return any((folder / weights).iterdir())
    except OSError:
        return False


def remove_unused(folder: Path, seconds: float) -> list[Path]:
    """Removes graphs that were not read for so long, and what killed writers left; returns those gone."""
    gone = []
    for path in sorted(folder.glob("*/*")):
        remove_stale(path.parent)
        with suppress(OSError):
            if time.time() - path.stat().st_mtime > seconds:
                path.unlink()
                gone.append(path)
    return gone
