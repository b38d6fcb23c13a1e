"""Metrics of a module's predictions: accuracy, per-class scores, confusions, calibration, worst mistakes."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import ArgumentError
from ..labels import TOP, Labels
from .coverage import SetFigures
from .intervals import Interval, wilson

BINS = 15  # as in Guo et al. 2017 for ImageNet
TOLERANCE = 1e-3  # beyond [0, 1], for engines that round to float16
SMALLEST = float(np.finfo(np.float32).tiny)  # a probability of 0 counts as this: the loss stays finite


@dataclass(frozen=True)
class ClassScore:
    """The scores of one class: `images` of it, and shares in [0, 1], None where the divisor is zero.

    `interval`: the 95% interval of `recall`.
    """

    label: str
    images: int
    recall: float | None
    precision: float | None
    f1: float | None
    interval: Interval


@dataclass(frozen=True)
class Bin:
    """Predictions of a confidence in (low, high]: mean confidence and accuracy, None where `count` is 0."""

    low: float
    high: float
    count: int
    confidence: float | None
    accuracy: float | None


@dataclass(frozen=True, eq=False)
class Evaluation:
    """The probabilities that the module called `module` gave for `n` labelled images, and their metrics.

    `data`: the name of the data set and split. `labels`: the module's. `classes`: int64 [n], the true class
    of each image in the module's numbering. `probabilities`: float32 [n, classes]. `names`: of the images'
    files. `sets`: how often sets of classes hold the right one, of a calibrated module.

    Raises `ArgumentError` where these do not fit each other, are empty, or a probability is no number in
    [0, 1]; it names the first such image.
    """

    module: str
    data: str
    labels: Labels
    classes: NDArray[np.int64]
    probabilities: NDArray[np.float32]
    names: Sequence[str]
    sets: SetFigures | None = None

    def __post_init__(self) -> None:
        expected = (len(self.names), len(self.labels))
        if self.probabilities.shape != expected or self.classes.shape != expected[:1]:
            raise ArgumentError(
                f"There are probabilities {list(self.probabilities.shape)} and classes "
                f"{list(self.classes.shape)} for {expected[0]} names and {expected[1]} labels; "
                f"give {list(expected)} and {list(expected[:1])}."
            )
        if not self.names:
            raise ArgumentError(f"There are no images in {self.data}; give one or more to evaluate.")
        outside = (self.classes < 0) | (self.classes >= len(self.labels))
        if outside.any():
            first = int(outside.argmax())
            raise ArgumentError(
                f"The class of {self.names[first]} is {self.classes[first]}; "
                f"{self.module} has classes 0 to {len(self.labels) - 1}: match the labels first."
            )
        valid = (self.probabilities >= -TOLERANCE) & (self.probabilities <= 1 + TOLERANCE)  # NaN is not
        if not valid.all():
            first = int((~valid).any(axis=1).argmax())
            value = self.probabilities[first][~valid[first]][0]
            raise ArgumentError(
                f"The probabilities of {self.names[first]} hold {value}; they must be finite and in [0, 1]: "
                "look at that image and at the module's weights."
            )

    def __repr__(self) -> str:
        return (
            f"Evaluation({self.module!r} on {self.data!r}: {len(self.names):,} images, top-1 {self.top1:.2%})"
        )

    @cached_property
    def predictions(self) -> NDArray[np.int64]:
        """The most probable class of each image, int64 [n]; the lower index among equals."""
        return self.probabilities.argmax(axis=1)

    @cached_property
    def confidences(self) -> NDArray[np.float32]:
        """The probability of each prediction, float32 [n]."""
        return self.probabilities.max(axis=1)

    @cached_property
    def correct(self) -> NDArray[np.bool_]:
        """Whether each prediction is the true class, bool [n]."""
        return self.predictions == self.classes

    @property
    def top1(self) -> float:
        """Share of images whose prediction is correct, in [0, 1]."""
        return float(self.correct.mean())

    @property
    def top1_interval(self) -> Interval:
        """The 95% interval of `top1`."""
        return wilson(int(self.correct.sum()), len(self.names))

    @property
    def top5(self) -> float | None:
        """Share of images whose class is among the five most probable, lower index first among equals.

        None for a module of five classes or fewer, where it would be 1 whatever the module predicts.
        """
        return None if len(self.labels) <= TOP else float(self._among_five.mean())

    @property
    def top5_interval(self) -> Interval | None:
        """The 95% interval of `top5`; None where that is."""
        return None if len(self.labels) <= TOP else wilson(int(self._among_five.sum()), len(self.names))

    @cached_property
    def _among_five(self) -> NDArray[np.bool_]:
        """Whether each image's class is among the five most probable, bool [n]."""
        truth = self._true_probabilities[:, None]
        earlier = np.arange(len(self.labels)) < self.classes[:, None]
        ahead = (self.probabilities > truth) | ((self.probabilities == truth) & earlier)
        return ahead.sum(axis=1) < TOP

    @property
    def loss(self) -> float:
        """Mean cross-entropy in nats; a probability of 0 counts as float32's smallest normal number."""
        return float(-np.log(np.maximum(self._true_probabilities, SMALLEST, dtype=np.float64)).mean())

    @property
    def ece(self) -> float:
        """Expected calibration error over 15 bins of equal width (Guo et al. 2017), in [0, 1].

        The mean distance between confidence and accuracy.
        """
        gaps = (
            b.count * abs(b.accuracy - b.confidence)
            for b in self.reliability()
            if b.accuracy is not None and b.confidence is not None
        )
        return sum(gaps) / len(self.names)

    def per_class(self) -> list[ClassScore]:
        """A score for every class of the module, in its numbering."""
        images, predicted, correct = (
            np.bincount(classes, minlength=len(self.labels)).tolist()
            for classes in (self.classes, self.predictions, self.classes[self.correct])
        )
        return [
            ClassScore(
                label,
                n,
                _share(hits, n),
                _share(hits, guesses),
                _share(2 * hits, n + guesses),
                wilson(hits, n),
            )
            for label, n, guesses, hits in zip(self.labels, images, predicted, correct, strict=True)
        ]

    def confusion(self) -> NDArray[np.int64]:
        """The confusion matrix, int64 [classes, classes]: rows are true classes, columns predictions."""
        size = len(self.labels)
        return np.bincount(self.classes * size + self.predictions, minlength=size**2).reshape(size, size)

    def most_confused(self, k: int) -> list[tuple[str, str, int]]:
        """The `k` commonest mistakes as (truth, prediction, count), most first, then by class number."""
        wrong = ~self.correct
        size = len(self.labels)
        pairs, counts = np.unique(self.classes[wrong] * size + self.predictions[wrong], return_counts=True)
        first = np.argsort(-counts, kind="stable")[:k]
        return [
            (self.labels[pair // size], self.labels[pair % size], count)
            for pair, count in zip(pairs[first].tolist(), counts[first].tolist(), strict=True)
        ]

    def reliability(self, bins: int = BINS) -> list[Bin]:
        """Accuracy by confidence, in `bins` bins of equal width; raises `ArgumentError` below 1."""
        if bins < 1:
            raise ArgumentError(f"bins is {bins}; give 1 or more.")
        edges = np.linspace(0, 1, bins + 1)
        place = (np.searchsorted(edges, self.confidences, side="left") - 1).clip(0, bins - 1)
        counts, confidences, hits = (
            np.bincount(place, weights=weights, minlength=bins).tolist()
            for weights in (None, self.confidences, self.correct)
        )
        return [
            Bin(float(low), float(high), n, _share(confidence, n), _share(correct, n))
            for low, high, n, confidence, correct in zip(
                edges[:-1], edges[1:], counts, confidences, hits, strict=True
            )
        ]

    def mistakes(self, k: int) -> list[int]:
        """Indices of the `k` most confident wrong predictions, most confident first."""
        wrong = np.flatnonzero(~self.correct)
        return wrong[np.argsort(-self.confidences[wrong], kind="stable")[:k]].tolist()

    def summary(self) -> dict[str, Any]:
        """The metrics, ready for JSON, with the classes that have images and the ten commonest mistakes.

        Intervals are [low, high], of 95%.
        """
        return {
            "module": self.module,
            "data": self.data,
            "images": len(self.names),
            "top1": self.top1,
            "top1_interval": self.top1_interval,
            "top5": self.top5,
            "top5_interval": self.top5_interval,
            "loss": self.loss,
            "ece": self.ece,
            **({} if self.sets is None else {"sets": asdict(self.sets)}),
            "classes": [
                {"index": index} | asdict(score)
                for index, score in enumerate(self.per_class())
                if score.images
            ],
            "most_confused": [
                {"truth": truth, "answered": prediction, "images": count}
                for truth, prediction, count in self.most_confused(10)
            ],
        }

    @property
    def _true_probabilities(self) -> NDArray[np.float32]:
        """The probability of each image's true class."""
        return self.probabilities[np.arange(len(self.names)), self.classes]


def _share(part: float, whole: int) -> float | None:
    return part / whole if whole else None
