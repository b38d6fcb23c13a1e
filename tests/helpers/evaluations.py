"""Evaluations of random probabilities, a training history, and text that tries to break out of a page."""

import numpy as np

from inception_hub.evaluation import Epoch, Evaluation, Score
from inception_hub.labels import Labels

HOSTILE = '<script>alert(1)</script>"> id="x" $y^2$ & <img src=x onerror=alert(2)>'
HISTORY = [
    Epoch("head", 1, 1.5, Score(1.4, 0.5, 10), 0.001, 100, 0.02),
    Epoch("all", 1, 0.9, None, 0.0005, 90, 0.02),
    Epoch("all", 2, float("nan"), Score(0.9, 0.7, 10), 0.0, 90, 0.02),
]


def evaluation(
    images: int, classes: int, module: str = "tiny", seed: int = 0, first: str = "a"
) -> Evaluation:
    rng = np.random.default_rng(seed)
    truth = np.arange(images) % classes
    probabilities = rng.random((images, classes))
    probabilities[np.arange(images), truth] += rng.random(images)
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    labels = Labels((first, *(f"class {i}" for i in range(1, classes))), (None,) * classes)
    names = [f"photos/{i}.jpg" for i in range(images)]
    return Evaluation(module, "photos test", labels, truth, probabilities.astype(np.float32), names)
