"""What the labels of the most similar photos say: a second opinion beside the cross-validated heads.

Heads draw flat borders between classes; neighbours follow whatever shape a class has.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..similarity.nearest import nearest
from .cross_validation import Floats, Integers, roots

MOST = 20_000  # photos that are compared with each other: a minute's work, in 100 MB
COUNT = 30  # neighbours of a photo, at most; half of a class's photos at most, on average
WIDTH = 0.1  # of cosine, over which a neighbour's weight falls to 1/e of the nearest one's
DOUBT = 0.02  # of all weights, that every class gets: no neighbours rule a class out


@dataclass(frozen=True, eq=False)
class Neighbours:
    """The most similar photos of each: `classes`, int64 [n, k], -1 for none, `weights`, float32 [n, k]."""

    classes: Integers
    weights: Floats

    def agree(self, rows: Integers, probabilities: Floats) -> Floats:
        """`probabilities` [photos, classes] of the photos `rows`, averaged geometrically with their votes."""
        votes = np.zeros_like(probabilities)
        places = np.arange(len(rows))
        for classes, weights in zip(self.classes[rows].T, self.weights[rows].T, strict=True):
            votes[places, classes] += np.where(classes >= 0, weights, 0)
        votes += DOUBT * votes.sum(axis=1, keepdims=True) + 1e-12
        both = np.sqrt(probabilities * votes)
        return both / both.sum(axis=1, keepdims=True)


def find_neighbours(vectors: NDArray[np.floating], classes: Integers) -> Neighbours | None:
    """The neighbours of photos with `vectors`, [n, features], and `classes`, int64 [n], -1 for none.

    None for more than `MOST` photos.
    """
    if len(vectors) > MOST:
        return None
    points = roots(vectors)
    points -= points.mean(axis=0)
    count = max(1, min(COUNT, len(points) // (2 * (int(classes.max()) + 1))))
    indices, similarities = nearest(points, points, count + 1)
    others = indices != np.arange(len(points))[:, None]
    weights = np.exp((similarities - np.where(others, similarities, -1).max(axis=1, keepdims=True)) / WIDTH)
    return Neighbours(classes[indices], np.where(others, weights, 0).astype(np.float32))
