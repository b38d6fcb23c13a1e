"""What a file of another format holds of a module, and the metadata by which our own exports say it.

Metadata are texts by name, each a JSON value; every format has a place of its own for them.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..bundle import MAX_SIDE, Bundle
from ..errors import ArgumentError, FormatError
from ..images.presets import PRESETS, Preset
from ..labels import Labels
from .tensorflow.training_state import network_variables


@dataclass(frozen=True)
class Exported:
    """Weights by TF-Slim's names, in the file's shapes and dtypes, not yet checked against an architecture.

    `labels`: one name per class, in the file's own number of classes. `image_size`: default (height, width)
    in pixels. `resize`: the preset. Each is None where the file states none that is valid.
    `averages`: moving averages of some of the weights, from training. `left_out`: a sentence about what else
    the file holds, None for nothing.
    """

    weights: Mapping[str, NDArray[np.generic]]
    labels: Labels | None = None
    image_size: tuple[int, int] | None = None
    resize: Preset | None = None
    averages: Mapping[str, NDArray[np.generic]] = field(default_factory=dict)
    left_out: str | None = None

    @classmethod
    def of_checkpoint(
        cls, arrays: Mapping[str, NDArray[np.generic]], image_size: tuple[int, int] | None = None
    ) -> "Exported":
        """The network's variables among those of a TensorFlow checkpoint."""
        variables = network_variables(arrays)
        return cls(variables.weights, None, image_size, None, variables.averages, variables.left_out)


def metadata(bundle: Bundle) -> dict[str, str]:
    """The description of `bundle` that an export carries."""
    description = {
        "name": bundle.name,
        "image_size": list(bundle.image_size),
        "resize": bundle.resize,
        "channels": "RGB",
        "labels": list(bundle.labels),
        "wordnet_ids": list(bundle.labels.wordnet_ids),
        "source": bundle.provenance.source,
        "licence": bundle.provenance.licence,
    }
    return {key: json.dumps(value, ensure_ascii=False) for key, value in description.items()}


def from_metadata(weights: Mapping[str, NDArray[np.generic]], metadata: Mapping[str, str]) -> Exported:
    """`weights` with what `metadata` says of them; a value that is damaged or invalid counts as none."""
    return Exported(
        weights,
        _labels(_value(metadata, "labels"), _value(metadata, "wordnet_ids")),
        _image_size(_value(metadata, "image_size")),
        _resize(_value(metadata, "resize")),
    )


def _value(metadata: Mapping[str, str], name: str) -> Any:
    try:
        return json.loads(metadata[name])
    except (KeyError, ValueError, RecursionError):
        return None


def _labels(names: Any, wordnet_ids: Any) -> Labels | None:
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        return None
    if not isinstance(wordnet_ids, list) or len(wordnet_ids) != len(names):
        wordnet_ids = [None] * len(names)
    try:
        return Labels.from_text("".join(f"{name}\n" for name in names), wordnet_ids)
    except (ArgumentError, FormatError):
        return None


def _image_size(sides: Any) -> tuple[int, int] | None:
    if not isinstance(sides, list) or [type(side) for side in sides] != [int, int]:
        return None
    height, width = sides
    return (height, width) if 0 < min(sides) and max(sides) <= MAX_SIDE else None


def _resize(preset: Any) -> Preset | None:
    return preset if preset in PRESETS else None
