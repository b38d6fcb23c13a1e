"""A classifier of feature vectors, cross-validated: each photo is judged by a head that did not see it.

The head is a linear discriminant analysis (LDA) of the square roots of features: one covariance for all
classes, shrunk towards a multiple of the identity. The roots make features, which are never negative, spread
alike. Everything is computed from sums over photos, a chunk at a time, so memory does not grow with them.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FOLDS = 5
CHUNK = 4096  # photos
SHRINKAGES = (0.1, 0.4, 0.8)  # of the covariance; the one with the lowest held-out loss is taken
TEMPERATURES = np.geomspace(0.5, 20, 40)  # that divide the logits; the same decides
SAMPLE = 5000  # photos that decide on both

Floats = NDArray[np.float32]
Integers = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Judged:
    """What the heads say of each photo of a chunk.

    `rows`: int64 [n], which photos. `probabilities`: float32 [n, classes]. `distances`: float32 [n],
    Mahalanobis distance to the mean of its own class.
    """

    rows: Integers
    probabilities: Floats
    distances: Floats


@dataclass(frozen=True, eq=False)
class Heads:
    """A head for each fold, fitted to the photos of the others."""

    folds: NDArray[np.int8]  # [n], the fold of each photo, -1 for none
    means: Floats  # [folds, classes, features]
    precisions: Floats  # [folds, features, features], inverse covariances
    priors: Floats  # [folds, classes], logarithms
    temperature: float = 1.0

    def judge(self, vectors: NDArray[np.floating], classes: Integers) -> Iterator[Judged]:
        """All photos, in chunks. `vectors`: [n, features]; `classes`: int64 [n], from 0."""
        for fold in range(FOLDS):
            rows = np.flatnonzero(self.folds == fold)
            for start in range(0, len(rows), CHUNK):
                chunk = rows[start : start + CHUNK]
                squares = self._squares(fold, roots(vectors[chunk]))
                logits = (self.priors[fold] - squares / 2) / self.temperature
                own = squares[np.arange(len(chunk)), classes[chunk]]
                yield Judged(chunk, softmax(logits), np.sqrt(own.clip(min=0)))

    def _squares(self, fold: int, points: Floats) -> Floats:
        """Squared Mahalanobis distances of `points` to each class's mean, float32 [n, classes]."""
        means, precision = self.means[fold], self.precisions[fold]
        turned = points @ precision
        constant = np.einsum("kd,kd->k", means @ precision, means)
        return np.einsum("nd,nd->n", turned, points)[:, None] - 2 * turned @ means.T + constant


def fit_heads(vectors: NDArray[np.floating], classes: Integers, seed: int = 0) -> Heads:
    """The heads of `vectors`, [n, features], with their `classes`, int64 [n], from 0 without gaps.

    Each class has `FOLDS` photos or more; photos of class -1 are in no fold. `seed` decides on the folds.
    """
    folds = assign_folds(classes, seed)
    count = int(classes.max()) + 1
    sums = np.zeros((FOLDS, count, vectors.shape[1]))
    scatter = np.zeros((FOLDS, vectors.shape[1], vectors.shape[1]))
    for fold in range(FOLDS):
        rows = np.flatnonzero(folds == fold)
        for start in range(0, len(rows), CHUNK):
            chunk = rows[start : start + CHUNK]
            points = roots(vectors[chunk])
            order = np.argsort(classes[chunk], kind="stable")
            present, starts = np.unique(classes[chunk][order], return_index=True)
            sums[fold, present] += np.add.reduceat(points[order], starts)
            scatter[fold] += points.T @ points
    counts = np.array([np.bincount(classes[folds == fold], minlength=count) for fold in range(FOLDS)])
    sample = np.sort(np.random.default_rng(seed).permutation(np.flatnonzero(folds >= 0))[:SAMPLE])
    fits = [_fit(folds, counts, sums, scatter, shrinkage) for shrinkage in SHRINKAGES]
    losses = [_losses(heads, vectors[sample], classes[sample], folds[sample]) for heads in fits]
    best, temperature = min(((i, j) for i in range(len(fits)) for j in range(len(TEMPERATURES))),
                            key=lambda place: losses[place[0]][place[1]])  # fmt: skip
    heads = fits[best]
    return Heads(folds, heads.means, heads.precisions, heads.priors, float(TEMPERATURES[temperature]))


def assign_folds(classes: Integers, seed: int) -> NDArray[np.int8]:
    """The fold of each photo, int8 [n]: of each class nearly as many in each fold, drawn by `seed`."""
    order = np.random.default_rng(seed).permutation(len(classes))
    order = order[np.argsort(classes[order], kind="stable")]
    folds = np.empty(len(classes), np.int8)
    starts = np.searchsorted(classes[order], classes[order])
    folds[order] = (np.arange(len(order)) - starts) % FOLDS
    folds[classes < 0] = -1
    return folds


def roots(vectors: NDArray[np.floating]) -> Floats:
    """Square roots of features."""
    return np.sqrt(np.maximum(vectors.astype(np.float32), 0))


def softmax(logits: Floats) -> Floats:
    """Probabilities, float32, of `logits` [n, classes]."""
    exponents = np.exp(logits - logits.max(axis=1, keepdims=True))
    return exponents / exponents.sum(axis=1, keepdims=True)


def _fit(
    folds: NDArray[np.int8],
    counts: Integers,
    sums: NDArray[np.float64],
    scatter: NDArray[np.float64],
    shrinkage: float,
) -> Heads:
    """Heads by the totals of each fold: each fold's head is of the totals of all the others."""
    features = scatter.shape[1]
    means, precisions, priors = [], [], []
    for fold in range(FOLDS):
        photos = counts.sum(axis=0) - counts[fold]
        mean = (sums.sum(axis=0) - sums[fold]) / photos[:, None]
        covariance = (scatter.sum(axis=0) - scatter[fold] - (mean.T * photos) @ mean) / photos.sum()
        spread = max(np.trace(covariance) / features, 1e-12)
        covariance = (1 - shrinkage) * covariance + shrinkage * spread * np.eye(features)
        means.append(mean)
        precisions.append(np.linalg.inv(covariance))
        priors.append(np.log(photos / photos.sum()))
    as_floats = (np.stack(each).astype(np.float32) for each in (means, precisions, priors))
    return Heads(folds, *as_floats, temperature=1.0)


def _losses(
    heads: Heads, vectors: NDArray[np.floating], classes: Integers, folds: NDArray[np.int8]
) -> NDArray[np.float64]:
    """The mean held-out loss at each temperature."""
    sample = Heads(folds, heads.means, heads.precisions, heads.priors)
    losses = np.zeros(len(TEMPERATURES))
    for judged in sample.judge(vectors, classes):
        logits = np.log(np.maximum(judged.probabilities, 1e-38))
        for place, temperature in enumerate(TEMPERATURES):
            given = softmax(logits / temperature)[np.arange(len(logits)), classes[judged.rows]]
            losses[place] -= np.log(np.maximum(given, 1e-12)).sum()
    return losses / len(classes)
