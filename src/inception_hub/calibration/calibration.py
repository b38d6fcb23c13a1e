"""`Calibration`: what was measured of a module's errors, as plain arrays; sets and unknowns by it."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..architecture import Architecture
from ..errors import WeightsError
from ..weights import complaint, misfits
from .conformal import ROUNDING, categories, check_coverage, cut, enough, scores
from .novelty import DIRECTIONS, STORED, Novelty, fit_novelty
from .temperature import LEAST, MOST, fit_temperature, tempered

Arrays = Mapping[str, NDArray[Any]]
MOST_HELD_OUT = 1 << 16  # photos: by these, coverage is known to a tenth of a point
NOVELTY = tuple(field.name for field in fields(Novelty))
KNOWN = 0.95  # of the held-out photos are not called unknown


@dataclass(frozen=True, eq=False)
class Calibration:
    """What was measured of a module on photos that it was not trained on.

    `temperature`: what logits are divided by. `scores`: float32 [n], of the true class of each held-out
    photo; `classes`: int32 [n], these classes. `novelties`: float32 [n], how unlike the learned photos each
    is, as `novelty` tells. `class_count`: classes of the module.
    """

    temperature: float
    scores: NDArray[np.float32]
    classes: NDArray[np.int32]
    novelties: NDArray[np.float32]
    novelty: Novelty
    class_count: int

    @cached_property
    def unknown_from(self) -> float:
        """The novelty beyond which a photo is unknown: `KNOWN` of photos like the held-out ones are not."""
        rank = min(math.ceil((len(self.novelties) + 1) * KNOWN - ROUNDING), len(self.novelties))
        return float(np.sort(self.novelties)[rank - 1])

    def is_unknown(self, logits: NDArray[np.float32], features: NDArray[np.float32]) -> NDArray[np.bool_]:
        """bool [n]: which photos, by `logits` [n, classes] and `features`, are unlike anything learned."""
        return self.novelty(logits, features) > self.unknown_from

    def arrays(self) -> dict[str, NDArray[Any]]:
        """All of it under the names of `check`."""
        return {
            "temperature": np.array([self.temperature], np.float32),
            "scores": self.scores,
            "classes": self.classes,
            "novelties": self.novelties,
            **{name: getattr(self.novelty, name) for name in NOVELTY},
        }

    @classmethod
    def of(cls, architecture: Architecture, arrays: Arrays) -> "Calibration":
        """The calibration that `arrays` hold; raises what `check` raises."""
        checked = check(architecture, arrays)
        return cls(
            float(checked["temperature"][0]),
            checked["scores"],
            checked["classes"],
            checked["novelties"],
            Novelty(*(checked[name] for name in NOVELTY)),
            architecture.num_classes,
        )


@dataclass(frozen=True, eq=False)
class Outputs:
    """What a module computed for labelled photos.

    `logits`: float32 [n, classes]; `features`: float32 [n, features]; `chances`: float64 [n, 2], of `chance`;
    `classes`: int64 [n], the true ones in the module's numbering.
    """

    logits: NDArray[np.float32]
    features: NDArray[np.float32]
    chances: NDArray[np.float64]
    classes: NDArray[np.int64]


def fit(learned: Outputs, held_out: Outputs) -> Calibration:
    """The calibration of a module by photos that it learned and others that were held out.

    Of `learned` only features and classes are used.
    """
    temperature = float(np.float32(fit_temperature(held_out.logits.astype(np.float64), held_out.classes)))
    probabilities = tempered(held_out.logits, temperature)
    own = scores(probabilities, held_out.chances[:, 0])[np.arange(len(probabilities)), held_out.classes]
    novelty = fit_novelty(learned.features, learned.classes, held_out.logits, held_out.features)
    return Calibration(
        temperature,
        own,
        held_out.classes.astype(np.int32),
        novelty(held_out.logits, held_out.features),
        novelty,
        held_out.logits.shape[1],
    )


class PredictionSets:
    """Sets of classes that hold the right one for a share `coverage` of photos like those held out.

    Raises `ArgumentError` for a `coverage` that is none, or that `calibration` has too few photos for.
    """

    def __init__(self, calibration: Calibration, coverage: float) -> None:
        coverage = check_coverage(coverage)
        enough(calibration.scores, coverage)
        self.calibration, self.coverage = calibration, coverage
        counts = np.bincount(calibration.classes, minlength=calibration.class_count)
        self.own = categories(counts, coverage)
        self._low, self._high = np.zeros((2, len(counts)), np.float32)
        self._share_high = np.zeros(len(counts))
        by_class = calibration.scores[np.argsort(calibration.classes, kind="stable")]
        ends = np.cumsum(counts)
        for index in np.flatnonzero(self.own):
            self._cut(index, by_class[ends[index] - counts[index] : ends[index]])
        if not self.own.all():
            self._cut(~self.own, calibration.scores[~self.own[calibration.classes]])

    def _cut(self, members: Any, held_out: NDArray[np.float32]) -> None:
        """Sets the cuts of the classes `members`, an index or a mask, by the scores of their photos."""
        low, high, share = cut(held_out, self.coverage)
        self._low[members], self._high[members], self._share_high[members] = low, high, share

    def __call__(self, logits: NDArray[np.float32], chances: tuple[float, float]) -> list[int]:
        """The classes of one photo by its `logits` [classes] and `chance`, best first; perhaps none."""
        part, between = chances
        probabilities = tempered(logits, self.calibration.temperature)
        values = scores(probabilities[None], np.array([part]))[0]
        inside = values <= self.cuts(between)
        order = np.argsort(-probabilities, kind="stable")
        return order[inside[order]].tolist()

    def cuts(self, between: float) -> NDArray[np.float32]:
        """float32 [classes]: the score up to which each class belongs to the set of a photo."""
        return np.where(between < self._share_high, self._high, self._low)


def check(architecture: Architecture, arrays: Arrays) -> dict[str, NDArray[Any]]:
    """`arrays` in their order.

    Raises `WeightsError` for a calibration that does not fit the network, is larger than ours are, or holds
    numbers out of range.
    """
    features, classes = architecture.num_features, architecture.num_classes
    photos, means, d = (_length(arrays, name) for name in ("scores", "means", "gains"))
    floats, halves, integers = (np.dtype(each) for each in (np.float32, STORED, np.int32))
    wanted = {
        "temperature": ((1,), (floats,)),
        "scores": ((photos,), (floats,)),
        "classes": ((photos,), (integers,)),
        "novelties": ((photos,), (floats,)),
        "means": ((means, features), (halves,)),
        "directions": ((features, d), (halves,)),
        "gains": ((d,), (floats,)),
        "residual": ((1,), (floats,)),
        "distance_weight": ((1,), (floats,)),
    }
    complaints = misfits(wanted, arrays)
    for name, length, most in (
        ("scores", photos, MOST_HELD_OUT),
        ("means", means, classes),
        ("gains", d, DIRECTIONS),
    ):
        if not 1 <= length <= most:
            complaints.append(f"{length:,} {name}, where 1 to {most:,} are accepted")
    if not complaints:
        complaints += complaint("not finite", (n for n in wanted if not np.isfinite(arrays[n]).all()))
        complaints += complaint("out of range", (n for n in wanted if not _in_range(n, arrays[n], classes)))
    if complaints:
        raise WeightsError(
            f"The calibration does not fit its network: {'; '.join(complaints)}; calibrate the module anew."
        )
    return {name: arrays[name] for name in wanted}


def _length(arrays: Arrays, name: str) -> int:
    array = arrays.get(name)
    return len(array) if array is not None and array.ndim else 0


def _in_range(name: str, array: NDArray[Any], classes: int) -> bool:
    if name == "temperature":
        return bool(LEAST * 0.99 <= array[0] <= MOST * 1.01)
    if name == "classes":
        return bool((array >= 0).all() and (array < classes).all())
    if name in ("residual", "distance_weight"):
        return bool((array >= 0).all())
    return name != "scores" or bool((array >= 0).all() and (array <= 1 + 1e-6).all())
