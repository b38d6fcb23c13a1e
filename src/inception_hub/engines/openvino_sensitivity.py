"""How much each layer's rounding to int8 changes predictions, measured one layer at a time."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..architecture import GLOBAL_POOL, LOGITS, LOGITS_LAYER, Architecture
from ..weights import Weights
from .int8 import Int8, rounded
from .openvino_core import CORE
from .openvino_graph import Parts, build, float_parts, int8_parts


class LayerCost(NamedTuple):
    """A layer by its name in the table, and what rounding its kernel and its output alone changes.

    `divergence`: mean Kullback-Leibler divergence of the probabilities from the float32 network's, in nats.
    """

    layer: str
    divergence: float


def layer_costs(
    architecture: Architecture,
    weights: Weights,
    int8: Int8,
    images: NDArray[np.float32],
    on_progress: Callable[[int, int], None],
) -> tuple[LayerCost, ...]:
    """The cost of every layer on `images`, float32 [n, height, width, 3] in [0, 1]; the largest first.

    `on_progress` is called with the layers done and all of them.
    """
    _, height, width, _ = images.shape
    floats, integers = float_parts(architecture, weights), int8_parts(architecture, int8)

    def log_probabilities(parts: Parts) -> NDArray[np.float64]:
        graph = build(architecture, parts, height, width, (LOGITS,))
        compiled = CORE.compile_model(graph, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
        logits = np.concatenate([compiled([image[None]])[0] for image in images]).astype(np.float64)
        largest = logits.max(1, keepdims=True)
        return logits - largest - np.log(np.exp(logits - largest).sum(1, keepdims=True))

    exact = log_probabilities(floats)
    costs, names = [], list(rounded(architecture))
    for done, name in enumerate(names, 1):
        layer = LOGITS_LAYER if name == GLOBAL_POOL else name  # whose input is rounded, not its output
        kernels = {key: value for key, value in integers.layers.items() if key == layer}
        alone = log_probabilities(Parts({**floats.layers, **kernels}, {name: integers.ranges[name]}))
        costs.append(LayerCost(layer, float((np.exp(exact) * (exact - alone)).sum(1).mean())))
        on_progress(done, len(names))
    return tuple(sorted(costs, key=lambda cost: -cost.divergence))
