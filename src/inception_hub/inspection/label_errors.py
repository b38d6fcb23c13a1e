"""Labels that the other photos contradict, by confident learning; outliers; classes that are confused.

Confident learning: Northcutt, Jiang and Chuang, "Confident Learning: Estimating Uncertainty in Dataset
Labels" (2021). A photo counts for a class if its probability reaches what photos with that label have on
average; those that count for another class, which is also more probable, are likely wrong.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from .cross_validation import FOLDS, Floats, Heads, Integers, Judged, fit_heads
from .neighbours import Neighbours, find_neighbours

MOST_CLASSES = 5_000  # whose means, of every fold, fit into some 200 MB
SUSPICIOUS = 0.1  # of the photos, the most suspicious: those that are named at most
SURE = 0.95  # least probability of the other class where a label is unlikely
NO_CHANCE = 0.01  # largest probability of the photo's own class there
FAR = 3.5  # modified z-score of an outlier, as Iglewicz and Hoaglin (1993) recommend
NORMAL = 0.6745  # median absolute deviation of a normal distribution, in standard deviations
CONFUSED, LEAST_CONFUSED = 0.2, 5  # share of the photos of two classes that are confused, and their number


@dataclass(frozen=True, eq=False)
class Confusion:
    """Two classes that the heads confuse: `photos` of `total` were given the other one's name."""

    first: int
    second: int
    photos: int
    total: int


@dataclass(frozen=True, eq=False)
class Verdicts:
    """What a cross-validated head says of each photo; of those that it cannot judge `judged` is False.

    `given`: float32 [n], probability of the photo's own label. `suggested`: int64 [n], the most likely class,
    and `confidence`: float32 [n], its probability. `likely_wrong`: bool [n], by confident learning.
    `outlying`: float32 [n], modified z-score of the distance to the mean of its class among that class.
    `accuracy`: share of the judged photos whose suggested class is their own.
    """

    judged: NDArray[np.bool_]
    given: Floats
    suggested: Integers
    confidence: Floats
    likely_wrong: NDArray[np.bool_]
    outlying: Floats
    accuracy: float
    confusions: tuple[Confusion, ...]

    def unlikely(self) -> NDArray[np.bool_]:
        """bool [n]: the labels that are likely wrong and of which the head is sure."""
        return self.likely_wrong & (self.confidence >= SURE) & (self.given <= NO_CHANCE)

    def suspicious(self) -> Integers:
        """The photos whose label is likely wrong, and the rest of the most suspicious tenth, those first
        whose own label is least probable; none whose own label is the most probable one."""
        order = np.argsort(np.where(self.judged, self.given, np.inf), kind="stable")
        rank = np.empty(len(order), np.int64)
        rank[order] = np.arange(len(order))
        named = self.likely_wrong | (rank < round(SUSPICIOUS * self.judged.sum()))
        return order[(named & self.judged & (self.given < self.confidence))[order]]


def judge_labels(vectors: NDArray[np.floating], classes: Integers) -> Verdicts | None:
    """The verdicts on photos with `vectors`, [n, features], and `classes`, int64 [n].

    Classes of fewer than `FOLDS` photos are not judged. None where fewer than two can be, or more than
    `MOST_CLASSES`.
    """
    names = np.flatnonzero(np.bincount(classes) >= FOLDS)
    if not 2 <= len(names) <= MOST_CLASSES:
        return None
    numbers = np.full(int(classes.max()) + 1, -1)
    numbers[names] = np.arange(len(names))
    own = numbers[classes]
    judged = own >= 0
    opinions = partial(_judge, fit_heads(vectors, own), find_neighbours(vectors, own), vectors, own)
    given, confidence, distances = (np.zeros(len(own), np.float32) for _ in range(3))
    suggested = np.zeros(len(own), np.int64)
    for each in opinions():
        given[each.rows] = each.probabilities[np.arange(len(each.rows)), own[each.rows]]
        suggested[each.rows] = each.probabilities.argmax(axis=1)
        confidence[each.rows] = each.probabilities.max(axis=1)
        distances[each.rows] = each.distances
    counts = np.bincount(own[judged])
    thresholds = np.bincount(own[judged], given[judged]) / counts
    counted_as = np.full(len(own), -1)
    for each in opinions():
        reaching = np.where(each.probabilities >= thresholds, each.probabilities, -1)
        counted_as[each.rows] = np.where(reaching.max(axis=1) >= 0, reaching.argmax(axis=1), -1)
    return Verdicts(
        judged=judged,
        given=given,
        suggested=np.where(judged, names[suggested], classes),
        confidence=confidence,
        likely_wrong=judged & (counted_as >= 0) & (counted_as != own) & (given < confidence),
        outlying=_z_scores(distances, own),
        accuracy=float((suggested == own)[judged].mean()),
        confusions=_confusions(own[judged], suggested[judged], counts, names),
    )


def _judge(
    heads: Heads, neighbours: Neighbours | None, vectors: NDArray[np.floating], own: Integers
) -> Iterator[Judged]:
    """What the heads and the neighbours say together of all photos, in chunks."""
    for each in heads.judge(vectors, own):
        if neighbours is not None:
            each = replace(each, probabilities=neighbours.agree(each.rows, each.probabilities))
        yield each


def _z_scores(distances: Floats, own: Integers) -> Floats:
    """The modified z-score of each distance among those of its class; 0 for a photo of none."""
    scores = np.zeros(len(own), np.float32)
    order = np.argsort(own, kind="stable")
    order = order[own[order] >= 0]
    for rows in np.split(order, np.flatnonzero(np.diff(own[order])) + 1):
        deviations = distances[rows] - np.median(distances[rows])
        usual = np.median(np.abs(deviations))
        scores[rows] = NORMAL * deviations / usual if usual > 0 else 0
    return scores


def _confusions(
    own: Integers, suggested: Integers, counts: Integers, names: Integers
) -> tuple[Confusion, ...]:
    """The pairs of classes that are confused, most first."""
    wrong = own != suggested
    low = np.minimum(own, suggested)[wrong]
    high = np.maximum(own, suggested)[wrong]
    pairs, photos = np.unique(low * len(counts) + high, return_counts=True)
    confusions = []
    for pair, number in zip(pairs.tolist(), photos.tolist(), strict=True):
        first, second = divmod(pair, len(counts))
        total = int(counts[first] + counts[second])
        if number >= max(LEAST_CONFUSED, CONFUSED * total):
            confusions.append(Confusion(int(names[first]), int(names[second]), number, total))
    return tuple(sorted(confusions, key=lambda each: (-each.photos / each.total, each.first, each.second)))
