"""Matches the classes of a data set to those of a module."""

from collections import defaultdict
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from ..data.classes import composed
from ..errors import ArgumentError
from ..labels import BACKGROUND, Labels
from ..system.text import counted


def match_labels(module: Labels, data: Labels, called: str = "the module") -> NDArray[np.int64]:
    """The index in `module` of each class of `data`, int64 [classes of the data].

    Classes are matched by WordNet id where all have one (but for a background), else by name: as it is, then
    without regard to case and with `_` and `-` as spaces. Data whose classes are numbers without names means
    the module's own. Raises `ArgumentError` for a class that the module does not have, for a name it has
    twice, for two classes of the data that match one, and for numbers that may count a background or not.
    `called`: how messages call the module.
    """
    ids = [id for name, id in zip(module.names, module.wordnet_ids, strict=True) if name != BACKGROUND]
    if all(data.wordnet_ids) and all(ids):
        matches = _look_up(module.wordnet_ids, data.wordnet_ids)
    elif module.names == data.names:  # even repeated names are told apart by their place
        return np.arange(len(module))
    elif all(map(_is_number, data.names)) and not all(map(_is_number, module.names)):
        matches = _by_number(module, [int(name) for name in data.names])
    else:
        exact, loose = (_look_up(module.names, data.names, key) for key in (composed, _normalise))
        matches = [a or b for a, b in zip(exact, loose, strict=True)]
    _check(module, data, matches, called)
    return np.array([indices[0] for indices in matches], np.int64)


def _look_up(
    module: Sequence[str | None], data: Sequence[str | None], key: Callable[[str], str] = str
) -> list[list[int]]:
    """For each entry of `data`, the indices of the entries of `module` with the same key."""
    indices: dict[str, list[int]] = defaultdict(list)
    for index, entry in enumerate(module):
        if entry is not None:
            indices[key(entry)].append(index)
    return [indices.get(key(entry), []) if entry is not None else [] for entry in data]


def _normalise(name: str) -> str:
    return " ".join(composed(name).casefold().replace("_", " ").replace("-", " ").split())


def _is_number(name: str) -> bool:
    return name.isascii() and name.isdigit() and len(name) < 9


def _by_number(module: Labels, numbers: list[int]) -> list[list[int]]:
    """Data with a class 0 counts without the module's background, data with its last class counts it."""
    behind = 0
    if module.names[:1] == (BACKGROUND,):
        if 0 not in numbers and len(module) - 1 not in numbers:
            raise ArgumentError(
                "The data's classes are numbers, which may count the module's background or not; write the "
                "classes' names into labels.txt beside the data."
            )
        behind = 1 if 0 in numbers else 0
    return [[number + behind] if number + behind < len(module) else [] for number in numbers]


def _check(module: Labels, data: Labels, matches: list[list[int]], called: str) -> None:
    missing = [name for name, indices in zip(data, matches, strict=True) if not indices]
    if missing:
        raise ArgumentError(
            f"{len(missing)} of the {counted(len(data), 'class', 'classes')} of the data "
            f"{'is' if len(missing) == 1 else 'are'} unknown to {called}, such as "
            f"{_some(missing)}; it has {_some(module.names)}: rename the classes after it, "
            "or fine-tune a module on them."
        )
    ambiguous = [name for name, indices in zip(data, matches, strict=True) if len(indices) > 1]
    if ambiguous:
        raise ArgumentError(
            f"The module has several classes called {_some(ambiguous)}; give the data's classes WordNet ids, "
            "such as n02012849 as the folder's name, to tell them apart."
        )
    taken: dict[int, str] = {}
    for name, (index,) in zip(data, matches, strict=True):
        if index in taken:
            raise ArgumentError(
                f"The classes {taken[index]!r} and {name!r} of the data are both the module's "
                f"{module[index]!r}; rename or merge them."
            )
        taken[index] = name


def _some(names: Sequence[str]) -> str:
    return ", ".join(repr(name[:60]) for name in names[:3]) + (", ..." if len(names) > 3 else "")
