"""The int8 network of a table as data that fits it and means nothing."""

from typing import Any

import numpy as np

from inception_hub.architecture import Architecture
from inception_hub.engines.int8 import rounded


def int8_arrays(architecture: Architecture) -> dict[str, Any]:
    made: dict[str, Any] = {f"{name}/range": np.array([0, 1], np.float32) for name in rounded(architecture)}
    for layer in architecture.layers:
        if layer.variables:
            shape = (layer.kernel, layer.kernel, layer.in_channels, layer.out_channels)
            made[f"{layer.name}/weights"] = np.ones(shape, np.int8)
            made[f"{layer.name}/scale"] = np.ones(layer.out_channels, np.float32)
            made[f"{layer.name}/biases"] = np.zeros(layer.out_channels, np.float32)
    return made
