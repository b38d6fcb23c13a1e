"""`Calibration`: fitted, as arrays and back, what it refuses, and sets of the coverage asked for."""

from typing import Any

import numpy as np
import pytest

from inception_hub.architecture import Architecture
from inception_hub.calibration import Calibration, Outputs, PredictionSets, check, fit
from inception_hub.errors import ArgumentError, WeightsError

ARCHITECTURE = Architecture(0.25, 4)
FEATURES = ARCHITECTURE.num_features


def outputs(n: int, seed: int, size: int = FEATURES) -> Outputs:
    """Of `n` photos whose features lean towards their class's direction, as do their logits."""
    generator = np.random.default_rng(seed)
    classes = generator.integers(0, 4, n)
    logits = generator.normal(0, 1, (n, 4)) + 2 * np.eye(4)[classes]
    features = np.abs(generator.normal(0, 1, (n, size)) + 3 * np.eye(4, size)[classes])
    return Outputs(logits.astype(np.float32), features.astype(np.float32), generator.random((n, 2)), classes)


@pytest.fixture(scope="module")
def calibration() -> Calibration:
    return fit(outputs(200, 1), outputs(100, 2))


def test_arrays_and_back(calibration: Calibration) -> None:
    again = Calibration.of(ARCHITECTURE, calibration.arrays())
    assert again.temperature == calibration.temperature and again.unknown_from == calibration.unknown_from
    new = outputs(20, 3)
    np.testing.assert_array_equal(
        again.novelty(new.logits, new.features), calibration.novelty(new.logits, new.features)
    )
    assert PredictionSets(again, 0.8)(new.logits[0], (0.3, 0.4)) == PredictionSets(calibration, 0.8)(
        new.logits[0], (0.3, 0.4)
    )


def test_what_is_known_is_not_called_unknown(calibration: Calibration) -> None:
    held_out = outputs(100, 2)
    assert calibration.is_unknown(held_out.logits, held_out.features).sum() == 4  # rank 96 of 100
    flat = np.zeros((1, 4), np.float32)
    assert calibration.is_unknown(flat, held_out.features[:1][:, ::-1]).all()


@pytest.fixture(scope="module")
def many() -> list[tuple[Calibration, Outputs]]:
    """Calibrations, each with photos that it was not fitted to."""
    made = []
    for seed in range(60):
        arrays = vars(outputs(300, seed, 8)).values()
        half = Outputs(*(array[:150] for array in arrays))
        made.append((fit(half, half), Outputs(*(array[150:] for array in arrays))))
    return made


@pytest.mark.parametrize("coverage", [0.5, 0.8, 0.9, 0.99])
def test_sets_cover_what_was_asked(many: list[tuple[Calibration, Outputs]], coverage: float) -> None:
    """Over many calibrations and new photos; three standard errors are 0.6 points and less."""
    covered, sizes = [], []
    for calibration, new in many:
        sets = PredictionSets(calibration, coverage)
        for logits, chances, truth in zip(new.logits, new.chances, new.classes, strict=True):
            found = sets(logits, (chances[0], chances[1]))
            assert sorted(found, key=lambda index: -logits[index]) == found
            covered.append(truth in found)
            sizes.append(len(found))
    # The temperature is fitted to the same photos, which no formula covers: half a point more is left to it.
    assert np.mean(covered) == pytest.approx(coverage, abs=0.018)
    assert min(sizes) == 0 or coverage > 0.9


def test_a_class_with_many_photos_is_covered_by_itself() -> None:
    """Class 0 is hard; by a cut of its own its photos are covered as often as all others."""
    generator = np.random.default_rng(5)
    classes = np.repeat([0, 1, 2, 3], 200)
    scores = np.where(classes == 0, 0.9 + 0.1 * generator.random(800), 0.5 * generator.random(800))
    base = fit(outputs(200, 1), outputs(100, 2))
    made = Calibration(
        1.0, scores.astype(np.float32), classes.astype(np.int32), scores.astype(np.float32), base.novelty, 4
    )
    cuts = PredictionSets(made, 0.9).cuts(0.5)
    for index in range(4):
        assert np.mean(scores[classes == index] <= cuts[index]) == pytest.approx(0.9, abs=0.01)
    shared = PredictionSets(made, 0.96).cuts(0.5)  # eight photos of each outside: all share one
    assert len(set(shared.tolist())) == 1


def test_too_few_photos(calibration: Calibration) -> None:
    message = r"A coverage of 0\.995 needs 199 photos or more .* calibrated on 100; ask for less"
    with pytest.raises(ArgumentError, match=message):
        PredictionSets(calibration, 0.995)
    PredictionSets(calibration, 0.99)
    with pytest.raises(ArgumentError, match="coverage is 1.2"):
        PredictionSets(calibration, 1.2)


BROKEN: list[tuple[dict[str, Any], str]] = [
    ({"temperature": np.zeros(1, np.float32)}, "out of range: temperature"),
    ({"temperature": np.ones(1, np.float64)}, "wrong dtype: temperature float64 instead of float32"),
    ({"scores": np.full(100, np.nan, np.float32)}, "not finite: scores"),
    ({"scores": np.full(100, 1.1, np.float32)}, "out of range: scores"),
    ({"scores": np.zeros(99, np.float32)}, "wrong shape: classes"),
    ({"classes": np.full(100, 4, np.int32)}, "out of range: classes"),
    ({"classes": np.full(100, -1, np.int32)}, "out of range: classes"),
    ({"scores": np.zeros(0, np.float32)}, "0 scores, where 1 to 65,536 are accepted"),
    ({"means": np.zeros((5, FEATURES), np.float16)}, "5 means, where 1 to 4 are accepted"),
    ({"means": np.zeros((2, 9), np.float16)}, "wrong shape: means"),
    ({"gains": np.zeros(65, np.float32)}, "65 gains, where 1 to 64"),
    ({"residual": -np.ones(1, np.float32)}, "out of range: residual"),
    ({"more": np.ones(1)}, "unexpected: more"),
    ({"novelties": None}, "missing: novelties"),
    ({"scores": np.zeros((), np.float32)}, "0 scores"),
]


@pytest.mark.parametrize("change, complaint", BROKEN)
def test_what_cannot_be_is_refused(change: dict[str, Any], complaint: str, calibration: Calibration) -> None:
    arrays = {n: a for n, a in (calibration.arrays() | change).items() if a is not None}
    with pytest.raises(WeightsError, match=f"does not fit its network: .*{complaint}.*; calibrate the"):
        check(ARCHITECTURE, arrays)
