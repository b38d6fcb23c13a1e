"""How good a module's answers are: accuracy, classes, confusions, calibration, and the worst mistakes."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import ArgumentError
from ..labels import Labels

BINS = 15  # as Guo et al. 2017 took for the networks of ImageNet
ROUNDING = 1e-3  # by how much float16 engines may leave [0, 1]
LEAST = float(np.finfo(np.float32).tiny)  # a probability of 0 counts as this: the loss stays a number


@dataclass(frozen=True)
class ClassScore:
    """One class: `images` is how many truly are of it; shares in [0, 1], None where they divide by none."""

    label: str
    images: int
    recall: float | None
    precision: float | None
    f1: float | None


@dataclass(frozen=True)
class Bin:
    """Answers of confidence in (low, high]: their mean confidence and accuracy, None where `count` is 0."""

    low: float
    high: float
    count: int
    confidence: float | None
    accuracy: float | None


@dataclass(frozen=True, eq=False)
class Evaluation:
    """What the module called `module` answered for `data` (its name and split), `n` images of known class.

    `classes`: int64 [n], the right class in the numbering of `labels`, the module's. `probabilities`:
    float32 [n, classes], rows in the order of `names`, the file names. Raises `ArgumentError` where these do
    not fit each other, are empty, or a probability is no number in [0, 1]; it names the first such image.
    """

    module: str
    data: str
    labels: Labels
    classes: NDArray[np.int64]
    probabilities: NDArray[np.float32]
    names: Sequence[str]

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
        strange = (self.classes < 0) | (self.classes >= len(self.labels))
        if strange.any():
            first = int(strange.argmax())
            raise ArgumentError(
                f"The class of {self.names[first]} is {self.classes[first]}; "
                f"{self.module} has classes 0 to {len(self.labels) - 1}: match the labels first."
            )
        fine = (self.probabilities >= -ROUNDING) & (self.probabilities <= 1 + ROUNDING)  # false for nan too
        if not fine.all():
            first = int((~fine).any(axis=1).argmax())
            value = self.probabilities[first][~fine[first]][0]
            raise ArgumentError(
                f"The answer for {self.names[first]} holds {value}; probabilities are finite and in [0, 1]: "
                "look at that image and at the module's weights."
            )

    @cached_property
    def answers(self) -> NDArray[np.int64]:
        """Int64 [n], the most probable class; the lower index among equals."""
        return self.probabilities.argmax(axis=1)

    @cached_property
    def confidences(self) -> NDArray[np.float32]:
        """Float32 [n], the probability of the answer."""
        return self.probabilities.max(axis=1)

    @cached_property
    def correct(self) -> NDArray[np.bool_]:
        """Bool [n]."""
        return self.answers == self.classes

    @property
    def top1(self) -> float:
        """Share of images whose answer is right."""
        return float(self.correct.mean())

    @cached_property
    def top5(self) -> float:
        """Share of images whose class is among the five most probable, lower index first among equals."""
        truth = self._of_truth[:, None]
        earlier = np.arange(len(self.labels)) < self.classes[:, None]
        ahead = (self.probabilities > truth) | ((self.probabilities == truth) & earlier)
        return float((ahead.sum(axis=1) < 5).mean())

    @property
    def loss(self) -> float:
        """Mean cross-entropy in nats; a probability of 0 counts as float32's smallest normal number."""
        return float(-np.log(np.maximum(self._of_truth, LEAST, dtype=np.float64)).mean())

    @property
    def ece(self) -> float:
        """Expected calibration error over 15 bins of equal width (Guo et al. 2017), in [0, 1].

        The mean distance between what the module claims (confidence) and what it keeps (accuracy).
        """
        gaps = (
            b.count * abs(b.accuracy - b.confidence)
            for b in self.reliability()
            if b.accuracy is not None and b.confidence is not None
        )
        return sum(gaps) / len(self.names)

    def per_class(self) -> list[ClassScore]:
        """A score for every class of the module, in its numbering."""
        images, answered, right = (
            np.bincount(found, minlength=len(self.labels)).tolist()
            for found in (self.classes, self.answers, self.classes[self.correct])
        )
        return [
            ClassScore(label, n, _share(hits, n), _share(hits, said), _share(2 * hits, n + said))
            for label, n, said, hits in zip(self.labels, images, answered, right, strict=True)
        ]

    def confusion(self) -> NDArray[np.int64]:
        """Int64 [classes, classes], how many images of the row's class were answered with the column's."""
        size = len(self.labels)
        return np.bincount(self.classes * size + self.answers, minlength=size**2).reshape(size, size)

    def most_confused(self, k: int) -> list[tuple[str, str, int]]:
        """The `k` commonest mistakes as (truth, answered, count), most first, then by class number."""
        wrong = ~self.correct
        size = len(self.labels)
        pairs, counts = np.unique(self.classes[wrong] * size + self.answers[wrong], return_counts=True)
        first = np.argsort(-counts, kind="stable")[:k]
        return [
            (self.labels[pair // size], self.labels[pair % size], count)
            for pair, count in zip(pairs[first].tolist(), counts[first].tolist(), strict=True)
        ]

    def reliability(self, bins: int = BINS) -> list[Bin]:
        """`bins` bins of equal width over the confidence, 15 by default; raises `ArgumentError` below 1."""
        if bins < 1:
            raise ArgumentError(f"bins is {bins}; give 1 or more.")
        edges = np.linspace(0, 1, bins + 1)
        place = (np.searchsorted(edges, self.confidences, side="left") - 1).clip(0, bins - 1)
        counts, confidences, hits = (
            np.bincount(place, weights=weights, minlength=bins).tolist()
            for weights in (None, self.confidences, self.correct)
        )
        return [
            Bin(float(low), float(high), n, _share(confidence, n), _share(right, n))
            for low, high, n, confidence, right in zip(
                edges[:-1], edges[1:], counts, confidences, hits, strict=True
            )
        ]

    def mistakes(self, k: int) -> list[int]:
        """Indices of the `k` most confident wrong answers, most confident first."""
        wrong = np.flatnonzero(~self.correct)
        return wrong[np.argsort(-self.confidences[wrong], kind="stable")[:k]].tolist()

    def summary(self) -> dict[str, Any]:
        """JSON-ready: the headline numbers, the classes that have images, the ten commonest mistakes."""
        return {
            "module": self.module,
            "data": self.data,
            "images": len(self.names),
            "top1": self.top1,
            "top5": self.top5,
            "loss": self.loss,
            "ece": self.ece,
            "classes": [
                {"index": index} | asdict(score)
                for index, score in enumerate(self.per_class())
                if score.images
            ],
            "most_confused": [
                {"truth": truth, "answered": answered, "images": count}
                for truth, answered, count in self.most_confused(10)
            ],
        }

    @property
    def _of_truth(self) -> NDArray[np.float32]:
        return self.probabilities[np.arange(len(self.names)), self.classes]


def _share(part: float, whole: int) -> float | None:
    return part / whole if whole else None
