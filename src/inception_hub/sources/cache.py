"""The cache of converted and downloaded modules: a folder of module directories, each named by a key.

An entry appears by one atomic rename of a directory whose files are on disk already, and counts only if
its `module.json` is readable and every file it names has its size. So a killed process, a full disk, an
operating system that tidies up, or many processes at once cost at most repeated work; there are no locks.
"""

import atexit
import functools
import hashlib
import os
import re
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from pathlib import Path

from ..bundle import read_manifest, verify
from ..engines.compiled_graphs import remove_unused
from ..errors import ArgumentError, FormatError, HandleError, InceptionHubError, OutputError

VARIABLE = "INCEPTION_HUB_CACHE"
STALE_SECONDS = 24 * 60 * 60  # longer than any download may take: such a temporary's process is gone
UNUSED_SECONDS = 30 * STALE_SECONDS  # a compiled graph takes a second to make again
KEY = re.compile(r"[0-9a-f]{64}")


class NotWritable(Exception):
    """The cache cannot take an entry; whoever asked has to keep it elsewhere."""


@dataclass(frozen=True)
class Entry:
    """A module in the cache; `size` in bytes."""

    key: str
    path: Path
    name: str
    source: str
    size: int


def default_cache() -> "Cache":
    """The cache in the folder that `INCEPTION_HUB_CACHE` names, else in the platform's user cache folder."""
    if chosen := os.environ.get(VARIABLE):
        return Cache(Path(chosen).absolute())
    home = Path(os.path.expanduser("~"))
    if sys.platform == "darwin":
        base = home / "Library" / "Caches"
    elif sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local")
    else:
        # The XDG base directory specification: a relative path is to be ignored.
        base = Path(os.environ.get("XDG_CACHE_HOME", ""))
        base = base if base.is_absolute() else home / ".cache"
    return Cache(base / "inception-hub")


@functools.cache
def temporary_cache() -> "Cache":
    """A cache that lives as long as this process; raises `NotWritable` where that has no room."""
    import tempfile

    try:
        directory = tempfile.TemporaryDirectory(prefix="inception-hub-", ignore_cleanup_errors=True)
    except OSError as error:
        raise NotWritable(error.strerror or str(error)) from error
    atexit.register(directory.cleanup)
    return Cache(Path(directory.name))


def text_key(text: str) -> str:
    """The key of an entry known by a name rather than by its content: a handle, a URL."""
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def content_key(source: Path) -> str:
    """SHA-256 of a file's bytes; of a directory, see `files_key` over all regular files under it.

    Raises `HandleError` if something cannot be read.
    """
    if source.is_dir():
        return files_key({p.relative_to(source).as_posix(): p for p in source.rglob("*") if p.is_file()})
    return _sha256(source).hexdigest()


def files_key(files: Mapping[str, Path]) -> str:
    """SHA-256 over the name and the SHA-256 of each of `files`, in the order of their names."""
    total = hashlib.sha256()
    for name in sorted(files):
        digest = _sha256(files[name]).digest()
        total.update(name.encode("utf-8", "surrogateescape") + b"\0" + digest)
    return total.hexdigest()


def _sha256(path: Path) -> "hashlib._Hash":
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256")
    except OSError as error:
        raise HandleError(f"{path} cannot be read ({error.strerror}); check its permissions.") from error


class Cache:
    """Module directories `<root>/modules/<key>`; `<root>/temporaries` holds what is being made."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._modules = root / "modules"
        self._temporaries = root / "temporaries"

    def get(self, key: str) -> Path | None:
        """The module directory under `key`, or None if there is none that is whole (sizes, not hashes)."""
        path = self._modules / _checked(key)
        return path if _is_whole(path) else None

    def put(self, key: str, write: Callable[[Path], None]) -> Path:
        """Has `write` make a module directory and publishes it under `key`; returns its path there.

        `write` gets a path that does not exist yet, in a directory of its own whose other contents are
        thrown away: room for intermediate files. If another process publishes the same key first, its
        entry is used; an entry that is not whole is replaced. What `write` raises is passed on, except
        for a failure to write: that, like any of the cache's own, raises `NotWritable`.
        """
        target = self._modules / _checked(key)
        try:
            self._modules.mkdir(parents=True, exist_ok=True)
            with self._temporary() as scratch:
                made = Path(scratch) / "module"
                write(made)
                _synchronise(made)
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
        attempts = 10
        for attempt in range(attempts):
            try:
                os.rename(made, target)
                _synchronise_directory(target.parent)
                return
            except OSError:
                if _is_whole(target):  # another process was first
                    return
                if attempt == attempts - 1:
                    raise
            # What lies there is damaged. Should another process repair it in this very moment, it is that
            # one's entry which is moved aside here, to be replaced at once by an equal one.
            with suppress(FileNotFoundError):
                os.rename(target, made.with_name(f"damaged-{attempt}"))

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
        """What is wrong with each damaged entry, by key, every byte hashed; empty if all is well."""
        complaints: dict[str, str] = {}
        for path in self._paths():
            try:
                verify(path)
            except FormatError as error:
                complaints[path.name] = str(error)
        return complaints

    def remove(self, key: str) -> bool:
        """Removes an entry, whole or not; False if there is none. Raises `OutputError` if it cannot."""
        path = self._modules / _checked(key)
        if not os.path.lexists(path):
            return False
        try:
            # Moved first, in one step: nobody ever sees half an entry.
            with self._temporary() as scratch:
                os.rename(path, Path(scratch) / key)
        except FileNotFoundError:
            return False
        except OSError as error:
            raise OutputError(f"{path} cannot be removed ({error.strerror}); check permissions.") from error
        return True

    def discard(self, path: Path) -> bool:
        """Removes the entry at `path` if it is one of this cache's and not every byte is as it was.

        Returns whether it did. Raises `OutputError` if it cannot.
        """
        if path.parent != self._modules:
            return False
        try:
            verify(path)
        except FormatError:
            return self.remove(path.name)
        return False

    def gc(self) -> list[Path]:
        """Removes damaged entries, temporaries untouched for a day, and compiled graphs unread for 30 days.

        Every byte is hashed. Returns what is gone. Raises `OutputError` if a damaged entry cannot be removed.
        """
        import shutil

        gone = [self._modules / key for key in self.verify() if self.remove(key)]
        for path in _listed(self._temporaries):
            if time.time() - _last_touched(path) > STALE_SECONDS:
                shutil.rmtree(path, ignore_errors=True)
                gone.append(path)
        return gone + remove_unused(self.graphs, UNUSED_SECONDS)

    @property
    def graphs(self) -> Path:
        """Where compiled graphs are kept."""
        return self.root / "graphs"

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
    """Time of the newest change in a directory tree; now if it changes under our eyes."""
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


def _synchronise(directory: Path) -> None:
    """Has a module directory's files on disk before its name is: no crash may leave what only looks whole."""
    for path in directory.iterdir():
        if path.is_file():
            descriptor = os.open(path, os.O_RDWR)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
    _synchronise_directory(directory)


def _synchronise_directory(directory: Path) -> None:
    if os.name != "posix":  # only there can a directory be opened, or need it
        return
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
