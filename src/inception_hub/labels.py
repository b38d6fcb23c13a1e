"""`Labels`: the names of a module's classes by index, and ImageNet's 1001.

ImageNet's names are the first lemmas of the ILSVRC-2012 synsets in ascending WordNet id, after
`background` at 0, as in the `ImageNetLabels.txt` that came with the original. Two names occur twice there
and here: `crane` (135 the bird, 518 the machine) and `maillot` (639 tights, 640 a swimsuit); an index or a
WordNet id tells them apart.
"""

import operator
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Self, SupportsIndex, overload

from .errors import ArgumentError, FormatError, InputError
from .system.home import at_home
from .system.regular import read_bounded

BACKGROUND = "background"
MAX_BYTES = 16 * 2**20  # of a labels file; all 21,841 names of ImageNet take 0.5 MB
TOP = 5  # the classes that top-5 looks among; it says nothing of a module that has no more
REPR_NAMES = 3  # that `repr` shows
WORDNET_ID = re.compile(r"n[0-9]{8}")


@dataclass(frozen=True)
class Labels:
    """Names of a module's classes in its own numbering, and the WordNet id of each where it has one.

    Reads like a tuple of names: `labels[3]`, `labels[:3]`, `len(labels)`, `name in labels`,
    `labels.index(name)`, and a `for` loop.

    Names may repeat, but none is empty or holds a tab or line break (`ArgumentError`): they must survive
    `to_text`.
    """

    names: tuple[str, ...]
    wordnet_ids: tuple[str | None, ...]

    def __post_init__(self) -> None:
        if not isinstance(self.names, Sequence) or not isinstance(self.wordnet_ids, Sequence):
            raise ArgumentError("names and wordnet_ids are to be tuples; give one name and one id a class.")
        if len(self.names) != len(self.wordnet_ids):
            raise ArgumentError(
                f"There are {len(self.wordnet_ids)} WordNet ids for {len(self.names)} names; "
                "give one a name, None where it has none."
            )
        for index, name in enumerate(self.names):
            if not _is_one_line(name):
                raise ArgumentError(
                    f"The name of class {index} is {name!r:.60}; give text on one line, without tabs."
                )

    def __len__(self) -> int:
        return len(self.names)

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __repr__(self) -> str:
        first = ", ".join(repr(name) for name in self.names[:REPR_NAMES])
        more = ", ..." if len(self) > REPR_NAMES else ""
        return f"Labels({len(self):,} classes: {first}{more})" if self.names else "Labels(no classes)"

    @overload
    def __getitem__(self, index: SupportsIndex) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[str, ...]: ...
    def __getitem__(self, index: SupportsIndex | slice) -> str | tuple[str, ...]:
        """The name of class `index`, any kind of integer, or a tuple of the names of a slice.

        Raises `IndexError` naming what exists, `InputError` (a `TypeError`) for what is no integer.
        """
        if isinstance(index, slice):
            return self.names[index]
        try:
            return self.names[operator.index(index)]
        except TypeError:
            raise InputError(
                f"labels[...] takes one index or a slice, not {index!r:.60}; labels.index(name) gives the "
                "index of a name."
            ) from None
        except IndexError:
            last = len(self) - 1
            raise IndexError(f"There is no class {index}; this module has classes 0 to {last}.") from None

    def index(self, name: str) -> int:
        """The index of the first class called `name`; raises `ArgumentError` (a `ValueError`) for none."""
        try:
            return self.names.index(name)
        except ValueError:
            raise ArgumentError(
                f"No class is called {str(name)[:60]!r}; give one of the {len(self):,} names as labels.txt "
                "spells it."
            ) from None

    def without_background(self) -> "Labels":
        """The view without class 0, such as ImageNet's 1000; raises `ArgumentError` if 0 is no background."""
        if self.names[:1] != (BACKGROUND,):
            reason = f"class 0 is {self.names[0]!r}" if self.names else "there are no classes"
            raise ArgumentError(f"There is no background to leave out: {reason}; use the labels as they are.")
        return Labels(self.names[1:], self.wordnet_ids[1:])

    def to_text(self) -> str:
        """The content of a module's `labels.txt`: one name a line."""
        return "".join(f"{name}\n" for name in self.names)

    @classmethod
    def from_text(cls, text: str, wordnet_ids: Sequence[str | None] | None = None) -> Self:
        """Reads `to_text`'s lines; `wordnet_ids` stand in another file (`module.json`).

        Raises `FormatError` naming the line that is empty or holds a tab, or the first id that is none.
        """
        if not isinstance(text, str):
            raise InputError(f"text is {text!r:.60}; give a string of one name a line.")
        names = text.splitlines()
        for number, name in enumerate(names, 1):
            if not _is_one_line(name):
                raise FormatError(
                    f"Line {number} of the labels is {name[:60]!r}; give one name a line, without tabs."
                )
        if wordnet_ids is None:
            return cls(tuple(names), (None,) * len(names))
        return cls(tuple(names), _checked(wordnet_ids, len(names)))

    @classmethod
    def read(cls, path: Path) -> Self:
        """Reads a file of one name a line, UTF-8; raises `FormatError` naming the file."""
        content = read_bounded(Path(at_home(path)), MAX_BYTES, "give a file of one name a line")
        try:
            return cls.from_text(content.decode("utf-8-sig"))
        except UnicodeDecodeError as error:
            raise FormatError(f"{path} is not UTF-8 at byte {error.start}; save it as UTF-8.") from error
        except FormatError as error:
            raise FormatError(f"{path}: {error}") from error


@cache
def imagenet() -> Labels:
    """The original's 1001 names: `background`, then the ILSVRC-2012 classes."""
    from importlib.resources import files

    text = files("inception_hub").joinpath("resources", "imagenet_labels.tsv").read_text("utf-8")
    ids, names = zip(*(line.split("\t") for line in text.splitlines()), strict=True)
    return Labels(names, (None, *ids[1:]))


def _is_one_line(name: str) -> bool:
    return isinstance(name, str) and bool(name.strip()) and "\t" not in name and name.splitlines() == [name]


def _checked(wordnet_ids: Any, expected: int) -> tuple[str | None, ...]:
    if not isinstance(wordnet_ids, list | tuple) or len(wordnet_ids) != expected:
        raise FormatError(f"The WordNet ids are not a list of {expected}; give one a name, null for none.")
    for index, given in enumerate(wordnet_ids):
        if given is not None and not (isinstance(given, str) and WORDNET_ID.fullmatch(given)):
            raise FormatError(
                f"The WordNet id of class {index} is {str(given)[:60]!r}; give n and eight digits, or null."
            )
    return tuple(wordnet_ids)
