"""Puts photos into folders by their rows, one after the other, each step written into the journal first."""

import errno
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from ..errors import OutputError
from ..images.find import EXTENSIONS, Unread
from ..inference.decoding import Photo
from ..inference.row import Row
from ..output.resume import path_digest
from ..output.rows import shortest
from ..output.run import LISTED
from ..system.moving import digest_of
from .choices import How
from .journal import Entry, Journal
from .names import UNSURE, FreeNames, folder_names
from .steps import check_room, place, settle


@dataclass(frozen=True)
class Plan:
    """Where photos go and how: see `organise`."""

    into: Path
    how: How
    least: float
    xmp: bool
    dry_run: bool = False


@dataclass(frozen=True)
class Placed:
    """Where a photo went, or would go: `to` is a path, `label` and `probability` are of its best class."""

    photo: str
    to: Path
    label: str
    probability: float


@dataclass
class Summary:
    """Counts of a run: photos `placed`, `unsure` ones among them, those placed `before`, and `failed` ones.

    `folders`: photos placed in each. `errors`: the first `LISTED`. `unread`: files that are no photos by
    their names. `left`: whether it was stopped before all photos were taken.
    """

    placed: int = 0
    unsure: int = 0
    before: int = 0
    failed: int = 0
    folders: dict[str, int] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    unread: Unread = field(default_factory=Unread)
    left: bool = False

    def fail(self, error: str) -> None:
        """Counts a photo that stays where it is, and why."""
        self.failed += 1
        self.errors += [error] if len(self.errors) < LISTED else []

    def add(self, folder: str) -> None:
        """Counts a photo that was placed in `folder`."""
        self.placed += 1
        self.unsure += folder == UNSURE
        self.folders[folder] = self.folders.get(folder, 0) + 1


class Placer:
    """Places photos as `plan` says, by the module's `labels`; first settles what a killed run left open."""

    def __init__(self, plan: Plan, labels: Sequence[str], journal: Journal, summary: Summary) -> None:
        self._plan, self._journal, self._summary = plan, journal, summary
        self._folders = folder_names(labels)
        self._names = FreeNames(plan.into, sidecars=plan.xmp, planned=plan.dry_run)
        self._known: set[int] = set()  # digests of the paths of photos that were taken
        self._inside = os.path.join(os.path.realpath(plan.into), "")
        for entry in [entry for entry, state in journal.entries() if state == "open" and not plan.dry_run]:
            (journal.done if settle(plan.into, entry) else journal.undone)(entry)
        self._known = {path_digest(e.photo) for e, state in journal.entries() if state == "done"}
        summary.before = len(self._known)

    def photos(self, paths: Iterable[str], stopped: Callable[[], bool]) -> Iterator[Photo]:
        """Those of `paths` that are to be placed; a path counts once, and none inside the folder."""
        for path in paths:
            if stopped():
                self._summary.left = True
                return
            photo = absolute(path)
            if photo.startswith(self._inside):
                continue
            if path_digest(photo) not in self._known:
                self._known.add(path_digest(photo))
                yield Photo(path, path)

    def place(self, row: Row) -> Placed | None:
        """Places the photo of `row`; None if it stays where it is, which the summary then says."""
        if row.error is not None or not row.predictions:
            self._summary.fail(row.error or "")
            return None
        best, least = row.predictions[0], self._plan.least
        folder = self._folders[best.index] if best.probability >= least else UNSURE
        sure = tuple(each.label for each in row.predictions if each.probability >= least)
        photo = absolute(row.path)
        try:
            self._check(row.path)
            digest = digest_of(Path(photo))
            entry = self._put(
                Entry(0, photo, folder, self._plan.how, digest, best.label, shortest(best.probability),
                      sure if self._plan.xmp else ())
            )  # fmt: skip
        except OSError as error:
            if isinstance(error, OutputError):
                raise
            check_room(self._plan.into, error)
            self._summary.fail(f"{row.path} stays where it is ({error.strerror or error}).")
            return None
        self._summary.add(folder)
        return Placed(row.path, self._plan.into / entry.to, best.label, entry.probability)

    def _check(self, path: str) -> None:
        if self._plan.how == "move" and os.path.islink(path):
            raise OSError(errno.EINVAL, "it is a link: copy it, or link to it")
        if self._plan.how == "move" and not path.lower().endswith(EXTENSIONS):
            raise OSError(errno.EINVAL, "its name is no photo's: copy it, or link to it")

    def _put(self, wanted: Entry) -> Entry:
        """Places `wanted`, whose `to` is a folder as yet, under the first name that is free there."""
        plan, journal = self._plan, self._journal
        while True:
            to = self._names.choose(wanted.to, os.path.basename(wanted.photo))
            entry = replace(wanted, id=journal.last + 1, to=to)
            if plan.dry_run:
                return entry
            journal.intend(entry)
            try:
                place(plan.into, entry)
            except FileExistsError:  # taken meanwhile
                journal.undone(entry)
                continue
            except OSError:
                journal.undone(entry)
                raise
            journal.done(entry)
            return entry


def absolute(path: str) -> str:
    """`path` from the root, links in its folders followed, the photo itself not."""
    folder, name = os.path.split(path)
    return os.path.join(os.path.realpath(folder or "."), name)
