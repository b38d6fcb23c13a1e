"""Feature vectors of three classes that are apart, and what cross-validated heads say of them."""

import numpy as np
from numpy.typing import NDArray

from inception_hub.inspection.cross_validation import Heads

CLASSES, FEATURES = 3, 6
CENTRES = np.kron(np.eye(CLASSES), [4.0, 4.0]) + 1


def clusters(per_class: int, seed: int = 0) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Vectors around a centre for each class, float32 [n, FEATURES], and their classes, mixed."""
    random = np.random.default_rng(seed)
    own = random.permutation(np.repeat(np.arange(CLASSES), per_class))
    return np.abs(CENTRES[own] + random.normal(0, 0.7, (len(own), FEATURES))).astype(np.float32), own


def judged(
    heads: Heads, vectors: NDArray[np.floating], classes: NDArray[np.int64]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The probabilities [n, classes] and distances [n] of all photos, in their order."""
    probabilities = np.zeros((len(classes), int(classes.max()) + 1), np.float32)
    distances = np.full(len(classes), -1, np.float32)
    for each in heads.judge(vectors, classes):
        probabilities[each.rows], distances[each.rows] = each.probabilities, each.distances
    return probabilities, distances
