"""The states that a power cut may leave of a folder, made from what a process changed there.

As journalling file systems do it: of the changes of names (made, renamed, removed) a cut keeps those up to
some moment, in their order, at least all before the last flush of any directory. Of what was written to a
file since its own last flush it keeps anything: nothing, a part, all, the new length with zeros, or pages
here and there.
"""

import os
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from disk import Operation

NAMES = {"create", "mkdir", "rename", "exchange", "unlink", "rmdir", "link"}
PAGE = 4096  # bytes
DIRECTORY = -1
MODES = ("lost", "all", "part", "zeros", "pages")


@dataclass
class File:
    """A file by its number: the bytes it began with, and the indices of what was done to it."""

    content: bytes = b""
    changes: list[int] = field(default_factory=list)
    flushes: list[int] = field(default_factory=list)


Names = dict[str, int]  # of every path its file, or DIRECTORY
State = dict[str, bytes | None]  # of every path its content, None for a directory


def snapshot(root: Path) -> State:
    """What lies in `root`."""
    return {
        str(path.relative_to(root)): path.read_bytes() if path.is_file() else None
        for path in sorted(root.rglob("*"))
    }


def lay(state: State, root: Path) -> None:
    """Makes `root` hold `state` and nothing else."""
    root.mkdir(parents=True)
    for name in sorted(state):
        content = state[name]
        if content is None:
            (root / name).mkdir()
        else:
            (root / name).write_bytes(content)


class Recording:
    """What a process did in `root`, which held `before`, with the inodes `inodes` by path."""

    def __init__(
        self, root: Path, before: State, inodes: dict[str, int], operations: Sequence[Operation]
    ) -> None:
        self._root = root
        self.files: list[File] = []
        self._start: Names = {}
        self._present: dict[int, int] = {}  # of an inode the file that has it
        for name, content in before.items():
            self._start[name] = DIRECTORY if content is None else self._new(inodes[name], content)
        self.operations: list[Operation] = []
        names = dict(self._start)
        self._flushed: list[int] = []  # indices of flushes of directories
        self._made: dict[int, int] = {}  # of the index of a creation the file
        for operation in operations:
            self._take(operation, names)

    def _new(self, inode: int, content: bytes = b"") -> int:
        self.files.append(File(content))
        self._present[inode] = len(self.files) - 1
        return len(self.files) - 1

    def _take(self, operation: Operation, names: Names) -> None:
        assert operation.what != "mapped", f"{operation.path} is mapped to be written"
        name = self._relative(operation.path)
        known = self._present.get(operation.inode)
        if operation.what not in NAMES and known is not None and names.get(name) not in (known, DIRECTORY):
            # A rename that went by no function of the C library, such as one of a library in Rust.
            missed = [other for other, file in names.items() if file == known]
            if missed:
                source = str(self._root / missed[0])
                self._take(Operation("rename", operation.inode, 0, source, operation.path), names)
        index = len(self.operations)
        if operation.what == "name":
            return
        self.operations.append(operation)
        if operation.what == "create":
            self._made[index] = self._new(operation.inode)
        if operation.what in NAMES:
            self._name(index, names)
        elif name == "." or names.get(name) == DIRECTORY:
            self._flushed.append(index)
        else:
            file = self.files[self._present[operation.inode]]
            (file.flushes if operation.what == "flush" else file.changes).append(index)

    def _relative(self, path: str) -> str:
        return os.path.relpath(path, self._root)

    def _name(self, index: int, names: Names) -> None:
        """Applies a change of names to `names`."""
        operation = self.operations[index]
        name = self._relative(operation.path)
        match operation.what:
            case "create":
                names[name] = self._made[index]
            case "mkdir":
                names[name] = DIRECTORY
            case "unlink" | "rmdir":
                names.pop(name, None)
            case "link":
                names[self._relative(operation.other)] = names[name]
            case _:
                target = self._relative(operation.other)
                moved = _taken(names, name)
                back = _taken(names, target)
                names.update({target + rest: file for rest, file in moved.items()})
                if operation.what == "exchange":
                    names.update({name + rest: file for rest, file in back.items()})

    def state(self, cut: int, names_kept: int, modes: Sequence[str], seed: int) -> State:
        """The state after a cut before the operation `cut`, with the names of the first `names_kept`.

        `modes`: one is drawn for each file.
        """
        generator = random.Random(seed)
        names = dict(self._start)
        for index in range(names_kept):
            if self.operations[index].what in NAMES:
                self._name(index, names)
        contents: dict[int, bytes] = {}
        state: State = {}
        for name in sorted(names):
            file = names[name]
            if file != DIRECTORY and file not in contents:
                contents[file] = self._content(self.files[file], cut, generator.choice(modes), generator)
            state[name] = None if file == DIRECTORY else contents[file]
        return state

    def least_names(self, cut: int) -> int:
        """How many of the first operations' names are on the disk for certain."""
        return max((index for index in self._flushed if index < cut), default=0)

    def _content(self, file: File, cut: int, mode: str, generator: random.Random) -> bytes:
        flushed = max((index for index in file.flushes if index < cut), default=-1)
        content = bytearray(file.content)
        for index in file.changes:
            if index < flushed:
                self._write(content, index)
        waiting = [index for index in file.changes if flushed < index < cut]
        if mode == "lost" or not waiting:
            return bytes(content)
        whole = bytearray(content)
        for index in waiting:
            self._write(whole, index)
        match mode:
            case "all":
                return bytes(whole)
            case "part":
                last = generator.randrange(len(waiting))
                for index in waiting[:last]:
                    self._write(content, index)
                data = self.operations[waiting[last]].data
                self._write(content, waiting[last], generator.randint(0, len(data)))
                return bytes(content)
            case "zeros":
                return bytes(content[: len(whole)]) + bytes(max(len(whole) - len(content), 0))
        old = bytes(content[: len(whole)]) + bytes(max(len(whole) - len(content), 0))
        for start in range(0, len(whole), PAGE):
            if generator.random() < 0.5:
                whole[start : start + PAGE] = old[start : start + PAGE]
        return bytes(whole)

    def _write(self, content: bytearray, index: int, length: int | None = None) -> None:
        operation = self.operations[index]
        if operation.what == "truncate":
            del content[operation.offset :]
            content.extend(bytes(operation.offset - len(content)))
            return
        data = operation.data[:length]
        content.extend(bytes(max(operation.offset - len(content), 0)))
        content[operation.offset : operation.offset + len(data)] = data

    def cuts(self, count: int, seed: int) -> Iterator[tuple[bool, State]]:
        """`count` states, and whether the process had ended; the first are those after its end."""
        generator = random.Random(seed)
        end = len(self.operations)
        for number in range(count):
            cut = end if number < len(MODES) else generator.randint(0, end)
            least = self.least_names(cut)
            kept = generator.choice((least, cut, generator.randint(least, cut)))
            modes = generator.choice((*((mode,) for mode in MODES), MODES))
            if number < len(MODES):
                kept, modes = least, (MODES[number],)
            yield cut == end, self.state(cut, kept, modes, generator.randrange(1 << 30))


def _taken(names: Names, name: str) -> Names:
    """Takes `name` and all below it out of `names`; by what follows `name`."""
    found = {other: file for other, file in names.items() if other == name or other.startswith(f"{name}/")}
    for other in found:
        del names[other]
    return {other[len(name) :]: file for other, file in found.items()}
