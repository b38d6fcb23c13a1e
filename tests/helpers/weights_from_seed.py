"""Random weights rebuilt from a seed, so that recorded outputs need not store them. NumPy only.

Read by `data/record_original.py`, which runs the original on them, and by the tests, which run ours.
"""

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray


def random_weights(variables: Mapping[str, tuple[int, ...]], seed: int) -> dict[str, NDArray[np.float32]]:
    """A float32 array for every name and shape, drawn in sorted name order from one `RandomState(seed)`.

    Kernels are normal with variance 2 / fan_in, so that values neither fade nor explode on their way
    through the network; biases, betas and moving means normal with a deviation of 0.1; moving
    variances uniform in [0.5, 1.5). `RandomState` draws the same numbers in every version of NumPy.
    """
    generator = np.random.RandomState(seed)
    return {name: _draw(generator, name, shape) for name, shape in sorted(variables.items())}


def _draw(generator: np.random.RandomState, name: str, shape: tuple[int, ...]) -> NDArray[np.float32]:
    kind = name.rsplit("/", 1)[-1]
    if kind == "moving_variance":
        return generator.uniform(0.5, 1.5, shape).astype(np.float32)
    if kind in ("biases", "beta", "moving_mean"):
        return (generator.normal(size=shape) * 0.1).astype(np.float32)
    fan_in = math.prod(shape[:2] if kind == "depthwise_weights" else shape[:-1])
    return (generator.normal(size=shape) * math.sqrt(2 / fan_in)).astype(np.float32)
