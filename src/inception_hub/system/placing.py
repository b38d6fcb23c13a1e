"""Puts a finished file or directory in its place in one step, or leaves everything as it was.

As in `atomic`, it is on the disk before it takes its name, and its name before what it replaces is removed.
"""

import ctypes
import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..errors import InceptionHubError, OutputError
from .atomic import flush, flush_directory, flush_tree, make_folders, remove_folders, scratch_folder
from .open_files import rename, replace

# Linux's renameat2 (linux/fs.h): fails where the target exists; swaps two existing entries.
NOREPLACE, EXCHANGE = 1, 2
AT_FDCWD = -100
UNSUPPORTED = {errno.ENOSYS, errno.EINVAL, errno.ENOTSUP}  # by an older kernel, or this file system
REFUSES_TAKEN = sys.platform == "win32"  # os.rename, of itself, where the target exists
UNLINKED = {errno.EPERM, errno.ENOTSUP, errno.ENOSYS}  # file systems without hard links, such as FAT


@contextmanager
def written(path: Path, force: bool) -> Iterator[Path]:
    """A path in a temporary folder beside `path`: what the block writes there becomes `path`.

    Its last part is that of `path`, because some software chooses a format by the extension. With `force` it
    replaces a file, or a directory in which nothing but files of the same names lies. Raises `OutputError`;
    after that, and after whatever the block raises, everything is as it was.
    """
    if path.name in ("", ".."):
        raise OutputError(f"{path} cannot be written to; give the name of a file or directory to make.")
    if os.path.lexists(path) and not force:
        raise _exists(path)
    created: list[Path] = []
    try:
        created = make_folders(path.parent)
        with scratch_folder(path) as folder:
            yield folder / path.name
            _place(folder / path.name, path, force)
    except BaseException as error:
        remove_folders(created)
        if isinstance(error, OSError) and not isinstance(error, InceptionHubError):
            raise OutputError(
                f"{path} cannot be written ({error.strerror or error}); make room, or choose a folder that "
                "can be written."
            ) from error
        raise


def _exists(path: Path) -> OutputError:
    return OutputError(
        f"{path} exists and is left as it is; choose another path, or replace it with --force (force=True)."
    )


def _place(source: Path, path: Path, force: bool) -> None:
    if source.is_dir():
        flush_tree(source)
    else:
        flush(source)
    if force and os.path.lexists(path):
        _check_replaceable(source, path)
        _replace(source, path)
    else:
        _place_new(source, path)
    flush_directory(path.parent)


def _place_new(source: Path, path: Path) -> None:
    try:
        rename_new(source, path)
    except FileExistsError as error:
        raise _exists(path) from error


def rename_new(source: Path, path: Path) -> None:
    """Gives `source` the name `path`; raises `FileExistsError` if it is taken, and what the system raises."""
    if _renameat2(source, path, NOREPLACE):
        return
    if not REFUSES_TAKEN and source.is_file() and not source.is_symlink():
        try:
            os.link(source, path)
        except OSError as error:
            if error.errno not in UNLINKED:
                raise
        else:
            os.unlink(source)
            return
    if os.path.lexists(path):
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path))
    rename(source, path)


def _replace(source: Path, path: Path) -> None:
    """Gives `source` the name `path`; a directory that was there is afterwards beside `source`."""
    if not source.is_dir():
        replace(source, path)
    elif not _renameat2(source, path, EXCHANGE):
        old = source.with_name(f"{source.name}.old")
        rename(path, old)
        try:
            rename(source, path)
        except BaseException:
            rename(old, path)
            raise


def _check_replaceable(source: Path, path: Path) -> None:
    """Raises `OutputError` unless `path` is of the same kind and holds nothing that `source` does not."""
    if path.is_symlink() or source.is_dir() != path.is_dir() or not (path.is_dir() or path.is_file()):
        kind = "a directory" if source.is_dir() else "a file"
        raise OutputError(f"{path} is not {kind} that could be replaced; choose another path or remove it.")
    if not path.is_dir():
        return
    if others := sorted({p.name for p in path.iterdir()} - {p.name for p in source.iterdir()}):
        raise OutputError(
            f"{path} also holds {', '.join(others[:3])}, which would be lost; choose another path."
        )


def _renameat2(source: Path, target: Path, flag: int) -> bool:
    """Calls Linux's renameat2; False where there is none. Raises `OSError` if it refuses."""
    if sys.platform != "linux":
        return False
    rename = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)  # a C library of 2018 or later
    if rename is None:
        return False
    if rename(AT_FDCWD, os.fsencode(source), AT_FDCWD, os.fsencode(target), flag) == 0:
        return True
    number = ctypes.get_errno()
    if number in UNSUPPORTED:
        return False
    raise OSError(number, os.strerror(number), str(target))
