"""Vectors of a folder's photos, kept in one hidden file in it and computed only for photos that changed.

Where the folder cannot be written they are kept in the cache. Two runs at once each write a whole file, of
which the last one stays.
"""

import hashlib
import os
import tempfile
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self, final

import numpy as np
from numpy.typing import NDArray

from ..errors import OutputError
from ..images.fingerprint import SIDE
from ..inference.pipeline import Result
from ..output.settings import Settings
from ..sources.cache import default_cache
from ..system.atomic import atomic_file
from . import vector_store
from .vector_store import Stamp, Stored

NAME = ".inception-hub-vectors.safetensors"
Compute = Callable[[Sequence[str]], Iterable[Result]]  # a result for each path, in order; fewer where stopped


@dataclass(frozen=True, eq=False)
class Collection:
    """Photos to search in: `paths`, and a row of `vectors`, float32 [n, features], for each.

    `fingerprints`: uint8 [n, SIDE, SIDE], None where they are not known. `failures`: (path, error) of photos
    that have no vector. `left`: whether the run was stopped before all were computed.
    """

    paths: Sequence[str]
    vectors: NDArray[np.float32]
    fingerprints: NDArray[np.uint8] | None = None
    failures: list[tuple[str, str]] = field(default_factory=list)
    left: bool = False


def renewed(
    folder: str | None, paths: Sequence[str], settings: Settings, features: int, compute: Compute
) -> Collection:
    """The vectors of the photos at `paths`, which lie below `folder`; None: they are not kept.

    Those that are kept and of the same file (size and time of change) and `settings` are taken from there,
    `compute` gives the others. Told as a `UserWarning`: that the folder cannot be written. Raises
    `OutputError` where nothing can.
    """
    names = [os.path.relpath(path, folder) for path in paths] if folder else list(paths)
    places = [Path(folder) / NAME, cache_of(folder)] if folder else []
    stored, is_kept = _stored(places, settings, features)
    stamps = [_stamp(path) for path in paths]
    rows = {name: row for row, name in enumerate(stored.names)}
    known: dict[int, int] = {}  # rows of what is stored, by places in `paths`
    for place, (name, stamp) in enumerate(zip(names, stamps, strict=True)):
        if name in rows and stored.stamps[rows[name]] == stamp:
            known[place] = rows[name]
    todo = [place for place in range(len(paths)) if place not in known]
    failures: list[tuple[str, str]] = []
    computed: dict[int, int] = {}  # rows of the spill, by places in `paths`
    done = 0
    with _Spill(features) as spill:
        for place, result in zip(todo, compute([paths[place] for place in todo]), strict=False):
            done += 1
            if result.row.error is not None:
                failures.append((paths[place], result.row.error))
            else:
                computed[place] = spill.add(result)
        there = sorted(known.keys() | computed.keys())
        kept_names = [names[place] for place in there]
        if computed or kept_names != list(stored.names) or (there and not is_kept):
            kept_stamps = [stamps[place] or (-1, -1) for place in there]
            sources = zip((stored.vectors, stored.fingerprints), spill.mapped(), strict=True)
            vectors, fingerprints = (_Picked(old, new, there, known, computed) for old, new in sources)

            def write(path: Path) -> None:
                vector_store.write(path, kept_names, kept_stamps, vectors, fingerprints, settings, features)

            stored = _written(write, places, folder, settings, features)
    kept_paths = [paths[place] for place in there]
    return Collection(kept_paths, stored.vectors, stored.fingerprints, failures, done < len(todo))


@dataclass(frozen=True, eq=False)
class _Picked(Iterable[NDArray[Any]]):
    """A row for each of `places`: of `old` where it is `known`, else of `new`, which was `computed`."""

    old: NDArray[Any]
    new: NDArray[Any]
    places: Sequence[int]
    known: Mapping[int, int]
    computed: Mapping[int, int]

    def __iter__(self) -> Iterator[NDArray[Any]]:
        for place in self.places:
            yield self.old[self.known[place]] if place in self.known else self.new[self.computed[place]]


def cache_of(folder: str) -> Path:
    """The file in the cache that stands in for the one in `folder`, where that cannot be written."""
    key = hashlib.sha256(os.fsencode(os.path.realpath(folder))).hexdigest()
    return default_cache().vectors / key[:2] / f"{key}.safetensors"


def _stored(places: list[Path], settings: Settings, features: int) -> tuple[Stored, bool]:
    for place in places:
        if stored := vector_store.read(place, settings, features):
            with suppress(OSError):  # so that the cache keeps what is read
                if place is not places[0]:
                    os.utime(place)
            return stored, True
    nothing = np.empty((0, features), np.float32), np.empty((0, SIDE, SIDE), np.uint8)
    return Stored([], [], *nothing), False


def _stamp(path: str) -> Stamp | None:
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns


def _written(
    write: Callable[[Path], None], places: list[Path], folder: str | None, settings: Settings, features: int
) -> Stored:
    """What `write` writes, kept at the first of `places` that can be written, else until the process ends."""
    reasons: list[str] = []
    for place in places:
        try:
            if reasons:
                place.parent.mkdir(parents=True, exist_ok=True)
            with atomic_file(place) as temporary:
                write(temporary)
                # Here, for at `place` another run's may lie a moment later.
                stored = vector_store.read(temporary, settings, features)
            if reasons:
                reason = f"for {folder} cannot be written ({reasons[0]})"
                _warn(f"The vectors of its photos are kept in {place}, {reason}.")
            if stored:
                return stored
        except OSError as error:
            reasons.append(error.strerror or str(error))
    if reasons:
        _warn(f"The vectors of {folder} are not kept; the cache cannot be written either ({reasons[-1]}).")
    try:
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as scratch:
            write(Path(scratch) / NAME)
            stored = vector_store.read(Path(scratch) / NAME, settings, features)
    except OSError as error:
        raise _no_room(error) from error
    assert stored is not None
    return stored


def _no_room(error: OSError) -> OutputError:
    return OutputError(
        f"The vectors have no room in {tempfile.gettempdir()} ({error.strerror or error}); make room "
        "there, or let TMPDIR name another folder."
    )


def _warn(message: str) -> None:
    warnings.warn(message, stacklevel=4)


@final
class _Spill:
    """Vectors and fingerprints in temporary files, so that none of many stay in memory."""

    def __init__(self, features: int) -> None:
        self._files = tempfile.TemporaryFile(), tempfile.TemporaryFile()
        self._shapes = (features,), (SIDE, SIDE)
        self._count = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for file in self._files:
            file.close()

    def add(self, result: Result) -> int:
        """Adds those of `result`; gives their row."""
        assert result.row.vector is not None and result.fingerprint is not None
        try:
            self._files[0].write(np.ascontiguousarray(result.row.vector, np.float32).data)
            self._files[1].write(np.ascontiguousarray(result.fingerprint).data)
        except OSError as error:
            raise _no_room(error) from error
        self._count += 1
        return self._count - 1

    def mapped(self) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
        """All vectors and fingerprints, in the order of their rows."""
        arrays: list[NDArray[Any]] = []
        for file, shape, dtype in zip(self._files, self._shapes, (np.float32, np.uint8), strict=True):
            file.flush()
            whole = (self._count, *shape)
            arrays.append(np.memmap(file, dtype, "r", 0, whole) if self._count else np.empty(whole, dtype))
        return arrays[0], arrays[1]
