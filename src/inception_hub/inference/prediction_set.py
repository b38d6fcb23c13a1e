"""The set of a photo's classes for a coverage, and whether it is unknown, by the module's calibration."""

import numpy as np
from numpy.typing import NDArray

from ..calibration import Calibration, PredictionSets
from ..errors import ArgumentError
from ..labels import Labels
from ..module import Module
from .predictions import Prediction, predictions_of


def calibration_of(module: Module) -> Calibration:
    """What `calibrate` measured of `module`; raises `ArgumentError` where it has not been calibrated."""
    arrays = module.spec.bundle.calibration
    if arrays is None:
        name = module.spec.bundle.name
        raise ArgumentError(
            f"{name} has not been calibrated, so no coverage is known of it; calibrate it with "
            "inception-hub calibrate MODULE DATA, or leave the coverage out."
        )
    return Calibration.of(module.architecture, arrays)


def prediction_sets(module: Module, coverage: float) -> PredictionSets:
    """The sets of `module` for `coverage`; raises `ArgumentError` where there are none."""
    return PredictionSets(calibration_of(module), coverage)


def set_of(
    labels: Labels,
    sets: PredictionSets,
    logits: NDArray[np.float32],
    features: NDArray[np.float32],
    chances: tuple[float, float],
) -> tuple[tuple[Prediction, ...], bool]:
    """The set of one photo, best first, perhaps empty; and whether the photo is unknown.

    By what the module, of classes `labels`, computed of it, `logits` [classes] and `features`, and by
    `chance` of the pixels that it saw.
    """
    predictions = predictions_of(logits, labels, sets(logits, chances))
    return predictions, bool(sets.calibration.is_unknown(logits[None], features[None])[0])
