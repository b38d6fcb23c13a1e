"""How unlike everything a module learned a photo is: by its largest logit and by where its features lie.

The features, scaled to length 1, have a Mahalanobis distance to the nearest class mean, in the covariance
that all classes share. Of that covariance the directions of most variance are kept, and one variance for all
others (probabilistic principal components), which is small and as good as the whole. The largest logit tells
more where there are many classes, as the photos of these differ in everything; docs/log.md has what was
measured, the relative Mahalanobis distance included.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

DIRECTIONS = 64  # kept of the shared covariance, at most
STORED = np.float16  # 2 bytes a number; all is computed from the stored numbers, here and later
FULL_WEIGHT = 5  # classes: with so many the distance counts as the logit does; with four times as many, half
SMALLEST = 1e-6  # of the mean variance, added where there are fewer photos than features


@dataclass(frozen=True, eq=False)
class Novelty:
    """Class means and shared covariance of features of length 1, and how much a distance to them counts.

    `means`: float16 [k, features], of the k classes that had photos; `directions`: float16 [features, d], of
    length 1; `gains`: float32 [d], what the square along each adds to the distance beyond `residual`, float32
    [1], which every squared length is multiplied with; `distance_weight`: float32 [1].
    """

    means: NDArray[np.float16]
    directions: NDArray[np.float16]
    gains: NDArray[np.float32]
    residual: NDArray[np.float32]
    distance_weight: NDArray[np.float32]

    def __call__(self, logits: NDArray[np.float32], features: NDArray[np.float32]) -> NDArray[np.float32]:
        """float32 [n], larger the less a photo is like what was learned; `logits` [n, classes]."""
        distances = self.distances(features) * self.distance_weight[0]
        return (distances - logits.max(axis=1)).astype(np.float32)

    def distances(self, features: NDArray[np.float32]) -> NDArray[np.float64]:
        """float64 [n]: the squared Mahalanobis distance of `features` [n, features] to the nearest mean."""
        means, directions, along, gains = self._exact
        points = unit(features)
        places = points @ directions
        plain = _square(points)[:, None] - 2 * points @ means.T + _square(means)
        gained = (places**2 @ gains)[:, None] - 2 * (places * gains) @ along.T + along**2 @ gains
        return (float(self.residual[0]) * plain + gained).min(axis=1)

    @cached_property
    def _exact(self) -> tuple[NDArray[np.float64], ...]:
        """Means, directions, means along the directions, and gains, in float64."""
        means, directions, gains = (
            array.astype(np.float64) for array in (self.means, self.directions, self.gains)
        )
        return means, directions, means @ directions, gains


def fit_novelty(
    features: NDArray[np.float32],
    classes: NDArray[np.int64],
    held_out_logits: NDArray[np.float32],
    held_out_features: NDArray[np.float32],
) -> Novelty:
    """Of `features` [n, features] of photos learned, of `classes` [n].

    The held-out photos only tell how far logits and distances are spread, so that both count in one unit. The
    covariance is shrunk towards a multiple of the identity (Ledoit and Wolf, 2004): any number of photos will
    do.
    """
    points = unit(features)
    present, of = np.unique(classes, return_inverse=True)
    sums = np.zeros((len(present), points.shape[1]))
    np.add.at(sums, of, points)
    means = sums / np.bincount(of)[:, None]
    variances, axes = np.linalg.eigh(shrunk_covariance(points - means[of]))
    kept = min(DIRECTIONS, points.shape[1] // 2)
    rest = variances[:-kept].mean()
    novelty = Novelty(
        means.astype(STORED),
        axes[:, -kept:].astype(STORED),
        (1 / variances[-kept:] - 1 / rest).astype(np.float32),
        np.array([1 / rest], np.float32),
        np.zeros(1, np.float32),
    )
    spread = novelty.distances(held_out_features).std()
    share = min(1.0, (FULL_WEIGHT / held_out_logits.shape[1]) ** 0.5)
    weight = share * held_out_logits.max(axis=1).std() / spread if spread > 0 else 0.0
    return Novelty(
        novelty.means, novelty.directions, novelty.gains, novelty.residual, np.array([weight], np.float32)
    )


def unit(features: NDArray[np.float32]) -> NDArray[np.float64]:
    """`features` [n, features] scaled to length 1, in float64; a vector of zeros stays."""
    exact = features.astype(np.float64)
    lengths = np.linalg.norm(exact, axis=1, keepdims=True)
    return exact / np.where(lengths > 0, lengths, 1)


def shrunk_covariance(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The covariance of `values` [n, features], whose mean is 0, shrunk as Ledoit and Wolf (2004) say."""
    count, size = values.shape
    covariance = values.T @ values / count
    variance = np.trace(covariance) / size
    distance = np.square(covariance).sum() - size * variance**2
    noise = (np.square(values).sum(axis=1) ** 2).sum() / count**2 - np.square(covariance).sum() / count
    share = 1.0 if distance <= 0 else min(max(noise / distance, 0.0), 1.0)
    covariance *= 1 - share
    covariance[np.diag_indices(size)] += (share + SMALLEST) * variance or SMALLEST
    return covariance


def _square(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.square(values).sum(axis=1)
