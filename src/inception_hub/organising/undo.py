"""`undo_organise`: takes organised photos back to where they were."""

import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from ..system.atomic import flush_directory, remove_stale
from ..system.home import at_home
from .journal import Entry, Journal
from .steps import check_room, revert


@dataclass
class Undone:
    """What an undo did: photos that went `back`, and why each of the others was `kept`."""

    back: int = 0
    kept: list[str] = field(default_factory=list)


def undo_organise(into: str | os.PathLike[str], *, on_photo: Callable[[str], object] | None = None) -> Undone:
    """Takes back what `organise` did in the folder `into`: copies and links are removed, photos moved back.

    What was changed since, or has no way back, stays, and the result says why; when all is back the journal
    and the empty folders are removed. `on_photo` is called with each photo's former path. Interrupted, the
    same call continues.

    Raises `OutputError` for a folder that `organise` did not make or that cannot be written, `FormatError`
    for a journal of another kind.
    """
    folder = Path(at_home(into))
    undone = Undone()
    folders: set[str] = set()
    with Journal(folder, None) as journal:
        for entry, state in journal.entries():
            folders.add(entry.to.partition("/")[0])
            if state == "undone":
                continue
            if reason := _reverted(folder, entry):
                undone.kept.append(reason)
                continue
            journal.undone(entry)
            undone.back += 1
            if on_photo is not None:
                on_photo(entry.photo)
        for name in sorted(folders):
            remove_stale(folder / name)  # what a killed run left
            with suppress(OSError):
                (folder / name).rmdir()
        if not undone.kept:
            made = journal.made_folder
            journal.remove()
            if made:
                with suppress(OSError):
                    folder.rmdir()
                    flush_directory(folder.parent)
    return undone


def _reverted(into: Path, entry: Entry) -> str | None:
    try:
        return revert(into, entry)
    except OSError as error:
        check_room(into, error)
        return f"{into / entry.to} cannot be taken back ({error.strerror or error})."
