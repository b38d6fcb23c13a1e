"""A classifier of feature vectors, cross-validated: each photo is judged by a head that did not see it.

The head is a linear discriminant analysis (LDA) of the square roots of features: one covariance for all
classes, shrunk towards a multiple of the identity. The roots make features, which are never negative, spread
alike. Everything is computed from sums over photos, a chunk at a time, so memory does not grow with them.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

FOLDS = 5
CHUNK = 4096  # photos
SHRINKAGES = (0.1, 0.4, 0.8)  # of the covariance; the one with the lowest held-out loss is taken
TEMPERATURES = np.geomspace(0.5, 20, 40)  # that divide the logits; the same decides
SAMPLE = 5000  # photos that decide on both
SEED = 0  # of the folds and the sample

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


def fit_heads(vectors: NDArray[np.floating], classes: Integers) -> Heads:
    """The heads of `vectors`, [n, features], with their `classes`, int64 [n], from 0 without gaps.

    Each class has `FOLDS` photos or more; photos of class -1 are in no fold.
    """
    folds = assign_folds(classes, SEED)
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
    sample = np.sort(np.random.default_rng(SEED).permutation(np.flatnonzero(folds >= 0))[:SAMPLE])
    means, covariances, priors = _moments(counts, sums, scatter)
    best, lowest = None, np.inf
    for shrinkage in SHRINKAGES:
        heads = Heads(folds, means, _precisions(covariances, shrinkage), priors)
        losses = _losses(replace(heads, folds=folds[sample]), vectors[sample], classes[sample])
        if best is None or losses.min() < lowest:
            lowest = losses.min()
            best = replace(heads, temperature=float(TEMPERATURES[losses.argmin()]))
    assert best is not None
    return best


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


def _moments(
    counts: Integers, sums: NDArray[np.float64], scatter: NDArray[np.float64]
) -> tuple[Floats, list[NDArray[np.float64]], Floats]:
    """Means, covariances and logarithms of priors for the head of each fold, by the totals of all others."""
    means, covariances, priors = [], [], []
    for fold in range(FOLDS):
        photos = counts.sum(axis=0) - counts[fold]
        mean = (sums.sum(axis=0) - sums[fold]) / photos[:, None]
        covariances.append((scatter.sum(axis=0) - scatter[fold] - (mean.T * photos) @ mean) / photos.sum())
        means.append(mean.astype(np.float32))
        priors.append(np.log(photos / photos.sum()).astype(np.float32))
    return np.stack(means), covariances, np.stack(priors)


def _precisions(covariances: list[NDArray[np.float64]], shrinkage: float) -> Floats:
    """The inverses of `covariances`, shrunk towards the mean of their diagonal."""
    inverses = []
    for covariance in covariances:
        spread = max(float(np.diag(covariance).mean()), 1e-12)
        shrunk = (1 - shrinkage) * covariance + shrinkage * spread * np.eye(len(covariance))
        inverses.append(np.linalg.inv(shrunk).astype(np.float32))
    return np.stack(inverses)


def _losses(heads: Heads, vectors: NDArray[np.floating], classes: Integers) -> NDArray[np.float64]:
    """The mean held-out loss at each temperature."""
    losses = np.zeros(len(TEMPERATURES))
    for judged in heads.judge(vectors, classes):
        logits = np.log(np.maximum(judged.probabilities, 1e-38))
        for place, temperature in enumerate(TEMPERATURES):
            given = softmax(logits / temperature)[np.arange(len(logits)), classes[judged.rows]]
            losses[place] -= np.log(np.maximum(given, 1e-12)).sum()
    return losses / len(classes)
