"""Names by index: a module's own, ImageNet's 1001 with the background first, and its 1000-class view."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import SupportsIndex

import numpy as np
from numpy.typing import NDArray

from .errors import ArgumentError, FormatError

BACKGROUND = "background"


@dataclass(frozen=True)
class Labels:
    """`names` in the order of the logits, and the WordNet id of each, None where it has none.

    Names may repeat: ImageNet has two cranes and two maillots, told apart by their ids.
    """

    names: tuple[str, ...]
    wordnet_ids: tuple[str | None, ...]

    def __len__(self) -> int:
        return len(self.names)

    def __getitem__(self, index: SupportsIndex) -> str:
        return self.names[index]

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def without_background(self) -> "Labels":
        """The 1000-class view: index 0 is the first real class. Raises `ArgumentError` without a background."""
        if self.names[:1] != (BACKGROUND,):
            raise ArgumentError(
                f"The first of these {len(self)} classes is not {BACKGROUND!r}, so there is nothing to leave out; "
                "use the labels as they are."
            )
        return Labels(self.names[1:], self.wordnet_ids[1:])

    def to_text(self) -> str:
        """One name a line, as `labels.txt` holds them."""
        return "".join(f"{name}\n" for name in self.names)

    @classmethod
    def from_text(cls, text: str, wordnet_ids: Sequence[str | None] | None = None) -> "Labels":
        """Reads what `to_text` wrote; raises `FormatError` for an empty line, naming it."""
        names = tuple(text.removesuffix("\n").split("\n")) if text else ()
        for number, name in enumerate(names, 1):
            if not name.strip():
                raise FormatError(f"Line {number} of the labels is empty; give one name a line, {len(names)} in all.")
        return cls(names, tuple(wordnet_ids) if wordnet_ids else (None,) * len(names))


@cache
def imagenet() -> Labels:
    """The original's 1001 names: `background`, then the ILSVRC-2012 synsets by ascending WordNet id, first lemma."""
    text = files(__package__).joinpath("data", "imagenet_labels.tsv").read_text("utf-8")
    rows = [line.split("\t") for line in text.splitlines()]
    return Labels(tuple(name for _, name in rows), tuple(None if i == "-" else i for i, _ in rows))


def top_k(probabilities: NDArray[np.float32], k: int) -> list[int]:
    """Indices of the `k` largest of [n] values, best first; of equals the lower index first."""
    return np.argsort(-probabilities, kind="stable")[:k].tolist()
