"""Compares two modules on the same images, with a confidence interval for the difference."""

from dataclasses import dataclass

import numpy as np

from ..errors import ArgumentError
from ..system.text import counted
from .intervals import CONFIDENCE
from .metrics import Evaluation

SAMPLES = 10_000  # of the bootstrap
SEED = 0  # the same evaluations give the same interval


@dataclass(frozen=True)
class Comparison:
    """The `difference` in top-1 accuracy, second minus first, and its interval from `low` to `high`.

    All three are in [-1, 1]. Of `images`, only the second module is right on `wins` and only the first on
    `losses`. `confidence`: of the interval, in (0, 1).
    """

    difference: float
    low: float
    high: float
    images: int
    wins: int
    losses: int
    confidence: float


def compare(first: Evaluation, second: Evaluation) -> Comparison:
    """Compares by a paired bootstrap: 10,000 times, as many images as there are, drawn with replacement.

    The interval is that of 95% confidence. The modules may number and name their classes differently. Raises
    `ArgumentError` if they were not evaluated on the same images with the same classes.
    """
    _refuse_other_images(first, second)
    images = len(first.names)
    wins = int((second.correct & ~first.correct).sum())
    losses = int((first.correct & ~second.correct).sum())
    # An image adds +1, -1 or 0 to the difference, so three counts describe a sample and are drawn instead.
    shares = np.array([wins, losses, images - wins - losses]) / images
    drawn = np.random.default_rng(SEED).multinomial(images, shares, size=SAMPLES)
    outside = (1 - CONFIDENCE) / 2
    low, high = np.quantile((drawn[:, 0] - drawn[:, 1]) / images, [outside, 1 - outside])
    return Comparison((wins - losses) / images, float(low), float(high), images, wins, losses, CONFIDENCE)


def _refuse_other_images(first: Evaluation, second: Evaluation) -> None:
    if list(first.names) != list(second.names):
        raise ArgumentError(
            f"{first.module} was evaluated on {counted(len(first.names), 'image')} and {second.module} on "
            f"{len(second.names):,}, not the same ones in the same order; evaluate both on the same data."
        )
    if first.labels == second.labels:
        same = np.array_equal(first.classes, second.classes)
    else:  # different numberings are accepted if their classes correspond one to one
        pairs = np.unique(np.stack([first.classes, second.classes]), axis=1).shape[1]
        same = pairs == len(np.unique(first.classes)) == len(np.unique(second.classes))
    if not same:
        raise ArgumentError(
            f"{first.module} and {second.module} were given the same images with different classes; "
            "evaluate both on the same data."
        )
