"""Figures of sets on labelled photos, against sets made one by one; the risk-coverage curve."""

from pathlib import Path

import numpy as np
import pytest
from helpers.calibrated import outputs

import inception_hub as hub
from inception_hub.calibration import Calibration, PredictionSets
from inception_hub.evaluation.coverage import SetMeasurement, risk_coverage
from inception_hub.evaluation.intervals import wilson


def test_figures_are_those_of_each_set(calibrated_module: Path) -> None:
    module = hub.Module(calibrated_module)
    calibration = Calibration.of(module.architecture, module.spec.bundle.calibration or {})
    first, second = outputs(module, 5, 40), outputs(module, 6, 20)
    measurement = SetMeasurement(calibration)
    for part in (first, second):
        measurement.add(part)
    figures = measurement.figures()
    assert [each.asked for each in figures.levels] == [0.8, 0.9, 0.95, 0.99]
    assert (figures.held_out, figures.temperature) == (120, calibration.temperature)
    sets = PredictionSets(calibration, 0.9)
    found = [
        (sets(logits, tuple(chances)), truth)
        for part in (first, second)
        for logits, chances, truth in zip(part.logits, part.chances.tolist(), part.classes, strict=True)
    ]
    covered = sum(truth in each for each, truth in found)
    level = figures.levels[1]
    assert level.coverage == covered / 60 and level.interval == wilson(covered, 60)
    assert level.size == np.mean([len(each) for each, _ in found])
    assert level.empty == np.mean([not each for each, _ in found])
    assert figures.levels[0].size <= level.size <= figures.levels[3].size
    unknown = [calibration.is_unknown(part.logits, part.features) for part in (first, second)]
    assert figures.unknown == np.concatenate(unknown).mean()


def test_a_coverage_without_photos_enough_is_left_out(calibrated_module: Path) -> None:
    module = hub.Module(calibrated_module)
    arrays = dict(module.spec.bundle.calibration or {})
    arrays |= {name: arrays[name][:30] for name in ("scores", "classes", "novelties")}
    measurement = SetMeasurement(Calibration.of(module.architecture, arrays))
    measurement.add(outputs(module, 5, 4))
    assert [each.asked for each in measurement.figures().levels] == [0.8, 0.9, 0.95]


def test_risk_of_the_surest() -> None:
    answered, risk = risk_coverage(np.array([0.5, 0.9, 0.7, 0.6]), np.array([False, True, True, False]))
    assert answered.tolist() == [0.25, 0.5, 0.75, 1]
    assert risk.tolist() == [0, 0, pytest.approx(1 / 3), 0.5]
