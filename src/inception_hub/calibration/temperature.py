"""Temperature scaling (Guo et al., 2017): one number that logits are divided by, so that confidence fits."""

import numpy as np
from numpy.typing import NDArray

LEAST, MOST = 0.05, 20.0
STEPS = 60  # of golden section: the logarithm of the result is exact to 1e-12
GOLDEN = (5**0.5 - 1) / 2


def fit_temperature(logits: NDArray[np.floating], classes: NDArray[np.int64]) -> float:
    """The temperature in [0.05, 20] with the least negative log-likelihood of `classes` [n].

    `logits`: [n, classes]. The likelihood has one minimum in the temperature's logarithm, which golden
    section finds.
    """
    values = logits - logits.max(axis=1, keepdims=True)
    truth = values[np.arange(len(values)), classes]

    def loss(logarithm: float) -> float:
        scale = np.exp(-logarithm)
        return float(np.log(np.exp(values * scale).sum(axis=1)).mean() - truth.mean() * scale)

    low, high = np.log(LEAST), np.log(MOST)
    for _ in range(STEPS):
        lower, upper = high - GOLDEN * (high - low), low + GOLDEN * (high - low)
        if loss(lower) <= loss(upper):
            high = upper
        else:
            low = lower
    return float(np.exp((low + high) / 2))


def tempered(logits: NDArray[np.floating], temperature: float) -> NDArray[np.float64]:
    """Softmax of `logits` [..., classes] divided by `temperature`, in float64."""
    scaled = logits.astype(np.float64) / temperature
    exponentials = np.exp(scaled - scaled.max(axis=-1, keepdims=True))
    return exponentials / exponentials.sum(axis=-1, keepdims=True)
