"""Which class of a module each class of a data set is."""

from collections import defaultdict
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from ..errors import ArgumentError
from ..labels import BACKGROUND, Labels


def match_labels(module: Labels, data: Labels) -> NDArray[np.int64]:
    """Int64 [classes of the data], the index of each in `module`.

    By WordNet id where both have all of them (but for a background), else by name: as it is, then without
    regard to case and with `_` and `-` as spaces. Raises `ArgumentError` for classes that the module does
    not have, for names it has twice, and for two classes that are the same one there.
    """
    ids = [id for name, id in zip(module.names, module.wordnet_ids, strict=True) if name != BACKGROUND]
    if all(data.wordnet_ids) and all(ids):
        found = _looked_up(module.wordnet_ids, data.wordnet_ids)
    elif module.names == data.names:  # their place tells even repeated names apart
        return np.arange(len(module))
    else:
        loose = _looked_up(module.names, data.names, _plain)
        found = [a or b for a, b in zip(_looked_up(module.names, data.names), loose, strict=True)]
    _refuse(module, data, found)
    return np.array([indices[0] for indices in found], np.int64)


def _looked_up(
    module: Sequence[str | None], data: Sequence[str | None], key: Callable[[str], str] = str
) -> list[list[int]]:
    places: dict[str, list[int]] = defaultdict(list)
    for index, entry in enumerate(module):
        if entry is not None:
            places[key(entry)].append(index)
    return [places.get(key(entry), []) if entry is not None else [] for entry in data]


def _plain(name: str) -> str:
    return " ".join(name.casefold().replace("_", " ").replace("-", " ").split())


def _refuse(module: Labels, data: Labels, found: list[list[int]]) -> None:
    missing = [name for name, indices in zip(data, found, strict=True) if not indices]
    if missing:
        raise ArgumentError(
            f"{len(missing)} of the {len(data)} classes of the data are unknown to the module, such as "
            f"{_some(missing)}; it has {_some(module.names)}: rename the classes after it, "
            "or fine-tune a module on them."
        )
    unclear = [name for name, indices in zip(data, found, strict=True) if len(indices) > 1]
    if unclear:
        raise ArgumentError(
            f"The module has several classes called {_some(unclear)}; give the data's classes WordNet ids, "
            "such as n02012849 as the folder's name, to tell them apart."
        )
    taken: dict[int, str] = {}
    for name, (index,) in zip(data, found, strict=True):
        if index in taken:
            raise ArgumentError(
                f"The classes {taken[index]!r} and {name!r} of the data are both the module's "
                f"{module[index]!r}; rename or merge them."
            )
        taken[index] = name


def _some(names: Sequence[str]) -> str:
    return ", ".join(repr(name[:60]) for name in names[:3]) + (", ..." if len(names) > 3 else "")
