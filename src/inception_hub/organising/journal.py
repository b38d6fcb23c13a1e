"""The journal of a folder of organised photos: what is done to each photo, written down before it is done.

The file `organised.jsonl` in that folder. Its first line holds the settings; then a line for each photo, and
one that it is done, or undone. A line is on the disk before the photo is touched. So whatever the moment at
which a run was killed, at most one photo's state is open, and the disk tells which it is.
"""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from io import FileIO
from pathlib import Path
from typing import Any, Literal, Self, get_args

from ..errors import FormatError, OutputError
from ..images.find import EXTENSIONS
from ..system.atomic import SCRATCH, flush_directory, make_folders, remove_stale
from ..system.locks import hold_directory, release
from ..system.moving import write_new
from ..system.open_files import remove_open
from ..system.outputs import as_output_error, taken
from ..system.text import may_be_path, printable
from .choices import How
from .names import JOURNAL

VERSION = 1
MAX_LINE = 1 << 20  # bytes; ours have some 400
State = Literal["done", "undone", "open"]
Settings = Mapping[str, str | int | float | bool]


@dataclass(frozen=True)
class Entry:
    """What is done to one photo.

    `photo`: its absolute path. `to`: `folder/name` below the organised folder. `sha256`: of its bytes.
    `keywords`: of its sidecar, which it has if there are any. `label` and `probability`: of its best class.
    """

    id: int
    photo: str
    to: str
    how: How
    sha256: str
    label: str
    probability: float
    keywords: tuple[str, ...] = ()


class Journal:
    """The journal of the folder `into`, which is locked until it is closed; a context manager.

    `settings`: of a run that organises, which makes the folder; None: of one that is to undo. `dry`: nothing
    is made, locked or written.

    Raises `OutputError` if `into` holds anything else than organised photos, is organised by another process,
    was organised with other `settings` or cannot be written, `FormatError` for a journal of another kind.
    """

    def __init__(self, into: Path, settings: Settings | None, *, dry: bool = False) -> None:
        self.path = into / JOURNAL
        self.last = 0  # the highest id of an entry
        self._dry, self._done, self._undone = dry, set[int](), set[int]()
        self._held: int | None = None
        self._file: FileIO | None = None
        if settings is None and not self.path.is_file():
            raise OutputError(f"{into} holds no {JOURNAL}; give a folder that organise made.")
        try:
            with as_output_error(into):
                self._open(into, settings)
        except BaseException:
            self.close()
            raise

    def _open(self, into: Path, settings: Settings | None) -> None:
        made = False
        if not self._dry:
            if settings is not None:
                made = bool(make_folders(into))
            try:
                self._held = hold_directory(into)
            except BlockingIOError as error:
                raise taken(into) from error
            remove_stale(into)
        if not os.path.lexists(self.path):
            if into.exists() and any(not SCRATCH.fullmatch(path.name) for path in into.iterdir()):
                raise OutputError(
                    f"{into} is not empty and holds no {JOURNAL}; give a new or empty folder, or one that "
                    "organise made."
                )
            if self._dry:
                return
            head = {"organised": VERSION, "made": made, "settings": dict(settings or {})}
            write_new(self.path, _line(head))
        if self.path.is_symlink() or not self.path.is_file():
            raise _foreign(self.path, "it is no file")
        self._read(settings)

    def _read(self, settings: Settings | None) -> None:
        """Finds which entries are done and undone, and cuts off a line that a power cut tore."""
        whole = 0
        for number, (record, end) in enumerate(_records(self.path)):
            if number == 0:
                _check_head(self.path, record, settings)
            elif "photo" not in record:
                self._settle(record)
            elif _entry(self.path, record).id == self.last + 1:
                self.last += 1
            else:
                raise _foreign(self.path, "its photos are not numbered one after another")
            whole = end
        if not whole:
            raise _foreign(self.path, "it is empty")
        if not self._dry:
            self._file = open(self.path, "r+b", buffering=0)
            self._file.truncate(whole)
            self._file.seek(whole)

    def _settle(self, record: dict[str, Any]) -> None:
        """Takes the line that an entry is done, or undone; raises `FormatError` for one of no entry."""
        for name, known in (("done", self._done), ("undone", self._undone)):
            number = record.get(name)
            if type(number) is int and 0 < number <= self.last:
                known.add(number)
                return
        raise _foreign(self.path, "a line of it is no photo's")

    @property
    def made_folder(self) -> bool:
        """Whether the folder itself was made by the run that began the journal."""
        return next(_records(self.path))[0].get("made") is True

    def entries(self) -> Iterator[tuple[Entry, State]]:
        """Each entry and whether it is done, undone or open, in order; read anew."""
        if not self.path.exists():
            return
        for number, (record, _) in enumerate(_records(self.path)):
            if number and "photo" in record:
                entry = _entry(self.path, record)
                undone, done = entry.id in self._undone, entry.id in self._done
                yield entry, "undone" if undone else "done" if done else "open"

    def intend(self, entry: Entry) -> None:
        """Writes down what is about to be done; on the disk when it returns."""
        self.last = max(self.last, entry.id)
        self._append(asdict(entry))

    def done(self, entry: Entry) -> None:
        """Writes down that it is done; on the disk with the next line that must be."""
        self._done.add(entry.id)
        self._append({"done": entry.id}, flushed=False)

    def undone(self, entry: Entry) -> None:
        """Writes down that it is undone, or was not done."""
        self._undone.add(entry.id)
        self._append({"undone": entry.id}, flushed=False)

    def _append(self, record: Mapping[str, Any], flushed: bool = True) -> None:
        assert self._file is not None
        left = memoryview(_line(record))
        whole = self._file.tell()
        try:
            while left:
                left = left[self._file.write(left) :]
            if flushed:
                os.fsync(self._file.fileno())
        except OSError as error:
            self._file.truncate(whole)
            self._file.seek(whole)
            raise OutputError(
                f"{self.path} cannot be written ({error.strerror}); make room, and run the same again."
            ) from error

    def remove(self) -> None:
        """Removes the journal; on the disk when it returns."""
        assert self._file is not None
        flush_directory(self.path.parent)
        remove_open(self.path, self._file)
        self._file = None
        flush_directory(self.path.parent)

    def close(self) -> None:
        """Lets the folder go; a journal without entries is removed, and the folder if it was made for it."""
        if self._file is not None:
            with suppress(OSError):
                os.fsync(self._file.fileno())
            self._file.close()
            if not self.last:
                self._remove()
        release(self._held)
        self._held = None

    def _remove(self) -> None:
        with suppress(OSError):
            made = self.made_folder
            self.path.unlink()
            if made:
                self.path.parent.rmdir()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _line(record: Mapping[str, Any]) -> bytes:
    return json.dumps(record).encode() + b"\n"


def _records(path: Path) -> Iterator[tuple[dict[str, Any], int]]:
    """Each line's record and where it ends, up to one that a power cut tore; raises `FormatError`."""
    end = 0
    with open(path, "rb") as file:
        while line := file.readline(MAX_LINE):
            end += len(line)
            try:
                record = json.loads(line) if line.endswith(b"\n") else None
            except (ValueError, RecursionError):
                record = None
            if isinstance(record, dict):
                yield record, end
                continue
            if file.read(1) or end == len(line):
                raise _foreign(path, "a line of it is none of ours")
            return


def _check_head(path: Path, record: dict[str, Any], settings: Settings | None) -> None:
    kept = record.get("settings")
    if record.get("organised") != VERSION or not isinstance(kept, dict):
        raise _foreign(path, "its first line is another")
    if settings is None:
        return
    for name in (*settings, *kept):
        if kept.get(name) != settings.get(name):
            raise OutputError(
                f"{path.parent} was organised with {printable(name)[:60]} {_shown(kept.get(name))}, not "
                f"{_shown(settings.get(name))}; give the same, or another folder, or undo it first."
            )


def _shown(value: object) -> str:
    return printable(str(value))[:60]


def _entry(path: Path, record: dict[str, Any]) -> Entry:
    try:
        fields: dict[str, Any] = record | {"keywords": tuple(record["keywords"])}
        entry = Entry(**fields)
        folder, name = entry.to.split("/")
        texts = (entry.photo, entry.to, entry.sha256, entry.label, *entry.keywords)
        if (
            {folder, name} & {"", ".", ".."}
            or (Path(folder).name, Path(name).name) != (folder, name)
            or (entry.how == "move" and not _may_move(entry))
            or entry.how not in get_args(How)
            or not os.path.isabs(entry.photo)
            or type(entry.id) is not int
            or not all(type(text) is str and may_be_path(text) for text in texts)
        ):
            raise ValueError
    except (TypeError, ValueError, KeyError, AttributeError) as error:
        raise _foreign(path, "a line of it is no photo's") from error
    return entry


def _may_move(entry: Entry) -> bool:
    """Only what has a photo's name is moved: so a journal of a stranger's puts nothing else anywhere."""
    endings = {os.path.splitext(path)[1].lower() for path in (entry.photo, entry.to)}
    return len(endings) == 1 and endings <= set(EXTENSIONS)


def _foreign(path: Path, what: str) -> FormatError:
    return FormatError(f"{path} is no journal of organise, for {what}; give a folder that organise made.")
