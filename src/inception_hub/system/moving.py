"""One file copied or moved to a name that is free: whole or not at all, on the disk, nothing overwritten."""

import errno
import hashlib
import os
import shutil
from pathlib import Path

from .atomic import flush, flush_directory, scratch_folder
from .placing import rename_new
from .regular import open_regular

CHUNK = 1 << 20  # bytes


def digest_of(path: Path) -> str:
    """The SHA-256 of a regular file, hexadecimal; raises `OSError`."""
    with open_regular(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def has_digest(path: Path, digest: str) -> bool:
    """Whether `path` is a regular file, no link, of that SHA-256."""
    try:
        return not path.is_symlink() and digest_of(path) == digest
    except OSError:
        return False


def copy_new(source: Path, target: Path, digest: str) -> None:
    """Copies `source`, whose SHA-256 is `digest`, to `target`, with its times and permissions.

    Raises `FileExistsError` if `target` is taken, and what the system raises; then nothing is there.
    """
    with scratch_folder(target) as folder:
        copy = folder / target.name
        hashed = hashlib.sha256()
        with open_regular(source) as old, copy.open("xb") as new:
            while chunk := old.read(CHUNK):
                hashed.update(chunk)
                new.write(chunk)
        if hashed.hexdigest() != digest:
            raise OSError(errno.EIO, "it changes while it is read", str(source))
        flush(copy)
        shutil.copystat(source, copy)
        rename_new(copy, target)
    flush_directory(target.parent)


def write_new(target: Path, content: bytes) -> None:
    """Writes the new file `target`; raises `FileExistsError` if it is taken, and what the system raises."""
    with scratch_folder(target) as folder:
        file = folder / target.name
        file.write_bytes(content)
        flush(file)
        rename_new(file, target)
    flush_directory(target.parent)


def move_new(source: Path, target: Path, digest: str) -> None:
    """Moves `source`, whose SHA-256 is `digest`, to `target`, also to another file system.

    There it is copied, and removed once the copy is on the disk. Raises as `copy_new`; then `source` is as it
    was, and nothing is at `target`.
    """
    try:
        rename_new(source, target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        copy_new(source, target, digest)
        try:
            os.unlink(source)
        except OSError:
            os.unlink(target)
            raise
    flush_directory(target.parent)
    flush_directory(source.parent)
