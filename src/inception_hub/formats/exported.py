"""What an export of ours gives back: weights, and what it says of the module they are from."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import ArgumentError, FormatError
from ..labels import Labels

MAX_SIDE = 16384  # pixels, as in a module's description


@dataclass(frozen=True)
class Exported:
    """Weights by Slim's names, unchecked, and `metadata`: text by name, each a JSON value."""

    weights: Mapping[str, NDArray[np.generic]]
    metadata: Mapping[str, str]

    def labels(self, num_classes: int) -> Labels | None:
        """The classes' names, where there is one for each."""
        names, ids = self._value("labels"), self._value("wordnet_ids")
        if not (_are_strings(names) and len(names) == num_classes and num_classes):
            return None
        if not (isinstance(ids, list) and len(ids) == num_classes):
            ids = [None] * num_classes
        try:
            return Labels.from_text("".join(f"{name}\n" for name in names), ids)
        except (ArgumentError, FormatError):
            return None

    def image_size(self) -> tuple[int, int] | None:
        """Default (height, width) in pixels."""
        found = self._value("image_size")
        if not isinstance(found, list) or [type(side) for side in found] != [int, int]:
            return None
        height, width = found
        return (height, width) if 0 < min(found) and max(found) <= MAX_SIDE else None

    def resize(self) -> Any:
        """The preset."""
        found = self._value("resize")
        return found if found in ("default", "slim", "plain") else None

    def _value(self, name: str) -> Any:
        try:
            return json.loads(self.metadata[name])
        except (KeyError, ValueError, RecursionError):
            return None


def _are_strings(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)
