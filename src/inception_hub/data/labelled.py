"""Photos with their labels as the data has them, before the classes are numbered."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from .dataset import Photos


@dataclass(frozen=True)
class Labelled:
    """Photos of a data set, and of each its label and its split.

    `splits`: what the data calls them, mostly names of `splits.SPLITS`; photos of other names are left out.
    `names`: of the classes by number, where the data has them. `are_names`: labels are names even where they
    are digits. `unread`: names of columns that are not read.
    """

    photos: Photos
    labels: Sequence[Any]
    splits: Sequence[str]
    names: tuple[str, ...] | None = None
    are_names: bool = False
    unread: tuple[str, ...] = ()
