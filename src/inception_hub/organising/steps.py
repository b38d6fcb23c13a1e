"""What is done to one photo, and taken back: each step leaves every byte in one place at least."""

import errno
import os
from pathlib import Path

from ..errors import OutputError
from ..system.atomic import flush_directory, make_folders, remove_stale
from ..system.moving import copy_new, has_digest, move_new, write_new
from .journal import Entry
from .names import SIDECAR
from .sidecar import sidecar

FULL = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO}  # with these no other photo can be placed either


def check_room(into: Path, error: OSError) -> None:
    """Raises `OutputError` if `error` is of the disk, not of one photo."""
    if error.errno in FULL:
        raise OutputError(
            f"{into} cannot be written ({error.strerror}); make room, and run the same again."
        ) from error


def place(into: Path, entry: Entry) -> None:
    """Puts a photo, its sidecar first, where `entry` says.

    Raises `FileExistsError` for a name that is taken, and what the system raises; then all is as it was.
    """
    photo, target = Path(entry.photo), into / entry.to
    make_folders(target.parent)
    if entry.keywords:
        write_new(_sidecar(target), sidecar(entry.keywords))
    try:
        if entry.how == "copy":
            copy_new(photo, target, entry.sha256)
        elif entry.how == "move":
            move_new(photo, target, entry.sha256)
        else:
            target.symlink_to(photo)
            flush_directory(target.parent)
    except OSError:
        _remove_sidecar(target, entry)
        raise


def settle(into: Path, entry: Entry) -> bool:
    """Whether the photo is where `entry` says, after a run was killed that was at it.

    A move that was killed between the copy and its end is ended; a sidecar without its photo is removed.
    """
    photo, target = Path(entry.photo), into / entry.to
    remove_stale(target.parent)
    if not _is_placed(target, entry):
        _remove_sidecar(target, entry)
        flush_directory(target.parent)
        return False
    if entry.how == "move" and has_digest(photo, entry.sha256):
        os.unlink(photo)
        flush_directory(photo.parent)
    return True


def revert(into: Path, entry: Entry) -> str | None:
    """Takes back what `entry` says, or what is left of it; else the reason why not, and nothing is changed.

    Raises what the system raises; done once more it continues.
    """
    photo, target = Path(entry.photo), into / entry.to
    if target.parent.is_symlink():
        return f"{target.parent} is a link; put the folder back that organise made."
    if entry.keywords and os.path.lexists(_sidecar(target)) and not _has_sidecar(target, entry):
        return f"{_sidecar(target)} was changed since; both files stay."
    if os.path.lexists(target) and not _is_placed(target, entry):
        return f"{target} was changed since; it stays."
    remove_stale(photo.parent)  # what an undo left that was killed
    if reason := _taken_back(photo, target, entry):
        return reason
    _remove_sidecar(target, entry)
    flush_directory(target.parent)
    return None


def _taken_back(photo: Path, target: Path, entry: Entry) -> str | None:
    """Takes the photo itself back."""
    placed, original = os.path.lexists(target), has_digest(photo, entry.sha256)
    if entry.how == "link":
        target.unlink(missing_ok=True)
    elif entry.how == "copy":
        if placed and not original:
            return f"{photo} is gone or was changed; {target}, its copy, stays."
        target.unlink(missing_ok=True)
    elif not placed:
        return None if original else f"{target} is gone, and so is {photo}."
    elif original:  # an undo was killed between the copy and its end
        target.unlink()
    elif os.path.lexists(photo):
        return f"{photo} is another file now; {target} stays."
    else:
        make_folders(photo.parent)
        move_new(target, photo, entry.sha256)
    return None


def _is_placed(target: Path, entry: Entry) -> bool:
    if entry.how == "link":
        return target.is_symlink() and os.readlink(target) == entry.photo
    return has_digest(target, entry.sha256)


def _sidecar(target: Path) -> Path:
    return target.with_name(target.name + SIDECAR)


def _has_sidecar(target: Path, entry: Entry) -> bool:
    path, content = _sidecar(target), sidecar(entry.keywords)
    try:
        return not path.is_symlink() and path.stat().st_size == len(content) and path.read_bytes() == content
    except OSError:
        return False


def _remove_sidecar(target: Path, entry: Entry) -> None:
    if entry.keywords and _has_sidecar(target, entry):
        _sidecar(target).unlink()
