"""Matches the classes of a data set to those of a module."""

from collections import defaultdict
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from ..errors import ArgumentError
from ..labels import BACKGROUND, Labels
from ..system.text import counted


def match_labels(module: Labels, data: Labels) -> NDArray[np.int64]:
    """The index in `module` of each class of `data`, int64 [classes of the data].

    Classes are matched by WordNet id where all have one (but for a background), else by name: as it is, then
    without regard to case and with `_` and `-` as spaces. Raises `ArgumentError` for a class that the module
    does not have, for a name it has twice, and for two classes of the data that match the same one.
    """
    ids = [id for name, id in zip(module.names, module.wordnet_ids, strict=True) if name != BACKGROUND]
    if all(data.wordnet_ids) and all(ids):
        matches = _look_up(module.wordnet_ids, data.wordnet_ids)
    elif module.names == data.names:  # even repeated names are told apart by their place
        return np.arange(len(module))
    else:
        exact, loose = (_look_up(module.names, data.names, key) for key in (str, _normalise))
        matches = [a or b for a, b in zip(exact, loose, strict=True)]
    _check(module, data, matches)
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
    return " ".join(name.casefold().replace("_", " ").replace("-", " ").split())


def _check(module: Labels, data: Labels, matches: list[list[int]]) -> None:
    missing = [name for name, indices in zip(data, matches, strict=True) if not indices]
    if missing:
        raise ArgumentError(
            f"{len(missing)} of the {counted(len(data), 'class', 'classes')} of the data "
            f"{'is' if len(missing) == 1 else 'are'} unknown to the module, such as "
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
