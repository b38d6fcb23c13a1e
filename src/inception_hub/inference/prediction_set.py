"""The set of a photo's classes for a coverage, and whether it is unknown, by the module's calibration."""

import numpy as np
from numpy.typing import NDArray

from ..calibration import Calibration, PredictionSets, chance
from ..errors import ArgumentError
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
    module: Module,
    sets: PredictionSets,
    pixels: NDArray[np.uint8] | NDArray[np.float32],
    logits: NDArray[np.float32],
    features: NDArray[np.float32],
) -> tuple[tuple[Prediction, ...], bool]:
    """The set of one photo, best first, perhaps empty; and whether the photo is unknown.

    `pixels`: [height, width, 3], what the module computed `logits` [classes] and `features` from.
    """
    predictions = predictions_of(logits, module.labels, sets(logits, chance(pixels)))
    return predictions, bool(sets.calibration.is_unknown(logits[None], features[None])[0])
