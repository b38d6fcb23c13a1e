"""How often sets of classes hold the right one, how large they are, how many photos are called unknown."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..calibration import Calibration, Outputs, PredictionSets, photos_needed
from .intervals import Interval, wilson

COVERAGES = (0.8, 0.9, 0.95, 0.99)  # that are measured, where there were photos enough to calibrate them


@dataclass(frozen=True)
class Covered:
    """The sets for one `asked` coverage: the share of photos whose set holds the right class, and its 95%
    interval; the classes of a set on average; the share of empty sets."""

    asked: float
    coverage: float
    interval: Interval
    size: float
    empty: float


@dataclass(frozen=True)
class SetFigures:
    """The sets for each of `COVERAGES` that the module can be asked for, and the share of unknown photos.

    `held_out`: photos that the module was calibrated on. `temperature`: by which its logits are divided.
    """

    levels: tuple[Covered, ...]
    unknown: float
    held_out: int
    temperature: float


class SetMeasurement:
    """Adds up the sets of a calibrated module's photos, some at a time."""

    def __init__(self, calibration: Calibration) -> None:
        self._calibration = calibration
        count = len(calibration.scores)
        self._sets = [PredictionSets(calibration, c) for c in COVERAGES if photos_needed(c) <= count]
        self._photos = self._unknown = 0
        self._covered, self._sizes, self._empty = np.zeros((3, len(self._sets)), np.int64)

    def add(self, outputs: Outputs) -> None:
        """Counts the photos of `outputs`."""
        self._photos += len(outputs.classes)
        self._unknown += int(self._calibration.is_unknown(outputs.logits, outputs.features).sum())
        for number, sets in enumerate(self._sets):
            for logits, chances, truth in zip(
                outputs.logits, outputs.chances.tolist(), outputs.classes.tolist(), strict=True
            ):
                classes = sets(logits, tuple(chances))
                self._covered[number] += truth in classes
                self._sizes[number] += len(classes)
                self._empty[number] += not classes

    def figures(self) -> SetFigures:
        """Of all photos that were added, one or more."""
        n = self._photos
        levels = [
            Covered(sets.coverage, covered / n, wilson(covered, n), size / n, empty / n)
            for sets, covered, size, empty in zip(
                self._sets,
                *(numbers.tolist() for numbers in (self._covered, self._sizes, self._empty)),
                strict=True,
            )
        ]
        calibration = self._calibration
        return SetFigures(tuple(levels), self._unknown / n, len(calibration.scores), calibration.temperature)


def risk_coverage(
    confidences: NDArray[np.floating], correct: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The share of photos that are answered, and the share of mistakes among them, the surest first.

    float64 [n] each: what remains wrong where only so many of the surest answers are taken.
    """
    order = np.argsort(-confidences, kind="stable")
    answered = np.arange(1, len(order) + 1)
    return answered / len(order), np.cumsum(~correct[order]) / answered
