"""The cache of converted and downloaded modules: a folder of module directories, each named by a key.

An entry appears by one atomic rename of a directory whose files are on disk already, and counts only if
its `module.json` is readable and every file it names has its size. So a killed process, a full disk, an
operating system that tidies up, or many processes at once cost at most repeated work; there are no locks.
"""

import atexit
import functools
import os
import re
import time
import warnings
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from pathlib import Path

from ..bundle import read_manifest, verify
from ..engines.compiled_graphs import remove_unused
from ..errors import ArgumentError, FormatError, InceptionHubError, OutputError
from ..system.atomic import flush_directory, flush_tree
from ..system.home import cache_home
from ..system.open_files import rename

VARIABLE = "INCEPTION_HUB_CACHE"
STALE_SECONDS = 24 * 60 * 60  # longer than any download may take: such a temporary's process is gone
UNUSED_SECONDS = 30 * STALE_SECONDS  # a compiled graph takes a second to make again
KEY = re.compile(r"[0-9a-f]{64}")


class NotWritable(Exception):
    """The cache cannot take an entry, which then has to be kept elsewhere."""


@dataclass(frozen=True)
class Entry:
    """A module in the cache; `size` in bytes."""

    key: str
    path: Path
    name: str
    source: str
    size: int


def default_cache() -> "Cache":
    """The cache in the folder that `INCEPTION_HUB_CACHE` names, else in the user's cache folder."""
    if chosen := os.environ.get(VARIABLE):
        return Cache(Path(chosen).absolute())
    return Cache(cache_home() / "inception-hub")


def find_or_make(key: str, write: Callable[[Path], None]) -> Path:
    """The module directory of the default cache under `key`, made by `write` if missing: see `Cache.put`.

    If the cache cannot be written, it is kept in a temporary one until the process ends, with a
    `UserWarning`. Raises `OutputError` if that cannot be written either.
    """
    cache = default_cache()
    try:
        return cache.get(key) or cache.put(key, write)
    except NotWritable as error:
        reason = str(error)
    try:
        temporary = _temporary_cache()
        if path := temporary.get(key):
            return path
        warnings.warn(
            f"The cache {cache.root} cannot be written ({reason}), so the module is kept only until this "
            "process ends; point INCEPTION_HUB_CACHE to a folder that can.",
            stacklevel=2,
        )
        return temporary.put(key, write)
    except NotWritable as error:
        raise OutputError(
            f"The module can be kept neither in {cache.root} ({reason}) nor in a temporary folder ({error}); "
            "make room, or point INCEPTION_HUB_CACHE to a folder that can be written."
        ) from error


def is_temporary(path: Path) -> bool:
    """Whether `find_or_make` keeps `path` only until this process ends."""
    return bool(_temporary_cache.cache_info().currsize) and path.is_relative_to(_temporary_cache().root)


@functools.cache
def _temporary_cache() -> "Cache":
    """A cache that lives as long as this process; raises `NotWritable` if there is no room for it."""
    import tempfile

    try:
        directory = tempfile.TemporaryDirectory(prefix="inception-hub-", ignore_cleanup_errors=True)
    except OSError as error:
        raise NotWritable(error.strerror or str(error)) from error
    atexit.register(directory.cleanup)
    return Cache(Path(directory.name))


class Cache:
    """Module directories `<root>/modules/<key>`; `<root>/temporaries` holds those being made."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._modules = root / "modules"
        self._temporaries = root / "temporaries"

    def get(self, key: str) -> Path | None:
        """The module directory under `key`, or None if there is none that is whole (sizes, not hashes)."""
        path = self._modules / _checked(key)
        return path if _is_whole(path) else None

    def put(self, key: str, write: Callable[[Path], None]) -> Path:
        """Lets `write` make a module directory and publishes it under `key`; returns its path there.

        `write` gets a path that does not exist yet, in a directory of its own whose other contents are
        removed afterwards: room for intermediate files. If another process publishes the same key first, its
        entry is used; an entry that is not whole is replaced. Whatever `write` raises is passed on, except
        for a failure to write: that, and any failure of the cache to write, raises `NotWritable`.
        """
        target = self._modules / _checked(key)
        try:
            self._modules.mkdir(parents=True, exist_ok=True)
            with self._temporary() as scratch:
                made = Path(scratch) / "module"
                write(made)
                self._publish(made, target)
        except OSError as error:
            if isinstance(error, InceptionHubError) and not isinstance(error, OutputError):
                raise
            raise NotWritable(error.strerror or str(error)) from error
        return target

    def _temporary(self) -> AbstractContextManager[str]:
        import tempfile  # takes longer to import than all the rest of this file

        self._temporaries.mkdir(parents=True, exist_ok=True)
        return tempfile.TemporaryDirectory(dir=self._temporaries, ignore_cleanup_errors=True)

    def _publish(self, made: Path, target: Path) -> None:
        flush_tree(made)  # no crash may leave an entry that only looks whole
        attempts = 10
        for attempt in range(attempts):
            try:
                rename(made, target)
                flush_directory(target.parent)
                return
            except OSError:
                if _is_whole(target):  # another process was first
                    return
                if attempt == attempts - 1:
                    raise
            # The entry there is damaged. Should another process repair it in this very moment, the good entry
            # is moved aside here and replaced at once by an equal one.
            with suppress(FileNotFoundError):
                rename(target, made.with_name(f"damaged-{attempt}"))

    def ls(self) -> list[Entry]:
        """Every whole entry, by name."""
        entries: list[Entry] = []
        for path in self._paths():
            if not _is_whole(path):
                continue
            manifest = read_manifest(path)
            size = sum(file["size"] for file in manifest["files"].values())
            entries.append(Entry(path.name, path, manifest["name"], manifest["provenance"]["source"], size))
        return sorted(entries, key=lambda entry: (entry.name, entry.key))

    def verify(self) -> dict[str, str]:
        """A sentence on each damaged entry, by key, after every byte is hashed; empty if there is none."""
        complaints: dict[str, str] = {}
        for path in self._paths():
            try:
                verify(path)
            except FormatError as error:
                complaints[path.name] = str(error)
        return complaints

    def remove(self, key: str) -> bool:
        """Removes an entry, whole or not; False if there is none. Raises `OutputError` if it fails."""
        path = self._modules / _checked(key)
        if not os.path.lexists(path):
            return False
        try:
            # Moved first, in one step: nobody ever sees half an entry.
            with self._temporary() as scratch:
                rename(path, Path(scratch) / key)
        except FileNotFoundError:
            return False
        except OSError as error:
            raise OutputError(f"{path} cannot be removed ({error.strerror}); check permissions.") from error
        return True

    def discard(self, path: Path) -> bool:
        """Removes the entry at `path` if it belongs to this cache and a byte of it has changed.

        Returns whether it did. Raises `OutputError` if it fails.
        """
        if path.parent != self._modules:
            return False
        try:
            verify(path)
        except FormatError:
            return self.remove(path.name)
        return False

    def gc(self) -> list[Path]:
        """Removes damaged entries, temporaries untouched for a day, graphs and vectors unread for 30 days.

        Every byte is hashed. Returns the removed paths. Raises `OutputError` if a damaged entry cannot be
        removed.
        """
        import shutil

        removed = [self._modules / key for key in self.verify() if self.remove(key)]
        for path in _listed(self._temporaries):
            if time.time() - _last_touched(path) > STALE_SECONDS:
                with suppress(OSError):  # `rmtree` would wait for a pipe
                    shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink()
                removed.append(path)
        removed += remove_unused(self.graphs, UNUSED_SECONDS)
        return removed + remove_unused(self.vectors, UNUSED_SECONDS)

    @property
    def graphs(self) -> Path:
        """Where compiled graphs are kept."""
        return self.root / "graphs"

    @property
    def vectors(self) -> Path:
        """Where vectors of photos are kept whose own folder cannot be written: in folders of files."""
        return self.root / "vectors"

    def _paths(self) -> list[Path]:
        return [path for path in _listed(self._modules) if KEY.fullmatch(path.name)]


def _checked(key: str) -> str:
    if not KEY.fullmatch(key):
        raise ArgumentError(f"{key!r} is no key of the cache; give the 64 hexadecimal digits of an entry.")
    return key


def _listed(directory: Path) -> list[Path]:
    try:
        return sorted(directory.iterdir())
    except OSError:
        return []


def _last_touched(path: Path) -> float:
    """Time of the newest change in a directory tree; the present if it changes meanwhile."""
    try:
        return max(p.lstat().st_mtime for p in (path, *path.rglob("*")))
    except OSError:
        return time.time()


def _is_whole(path: Path) -> bool:
    try:
        files = read_manifest(path)["files"]
        return all((path / name).stat().st_size == file["size"] for name, file in files.items())
    except (ValueError, OSError):
        return False
