"""Sets of classes and unknowns of photos: the calibration's own, the same for every engine and batch."""

from pathlib import Path

import numpy as np
import pytest
from helpers.calibrated import outputs
from PIL import Image

import inception_hub as hub
from inception_hub import bundle
from inception_hub.calibration import Calibration, PredictionSets, chance
from inception_hub.errors import ArgumentError, InceptionHubError
from inception_hub.inference.decoding import Photo
from inception_hub.inference.options import Options
from inception_hub.inference.pipeline import infer


def photos(module: hub.Module, count: int) -> list[Photo]:
    """Pictures of noise at the module's own size in files' bytes, so that resizing changes them."""
    generator = np.random.default_rng(4)
    made = [Image.fromarray(generator.integers(0, 256, (40 + i, 50, 3), np.uint8)) for i in range(count)]
    return [Photo(f"{i}", image) for i, image in enumerate(made)]


def test_a_set_is_what_the_calibration_says(calibrated_module: Path) -> None:
    module = hub.Module(calibrated_module)
    arrays = bundle.read(calibrated_module).calibration
    assert arrays is not None
    sets = PredictionSets(Calibration.of(module.architecture, arrays), 0.8)
    given = photos(module, 6)
    images = hub.load_images([photo.source for photo in given], module)
    logits, features = module(images), module(images, signature="image_feature_vector")
    unknown = sets.calibration.is_unknown(logits, features)
    sizes = set()
    for number, result in enumerate(infer(module, given, Options(coverage=0.8))):
        expected = sets(logits[number], chance(images[number]))
        assert result.row.predictions is not None
        assert [each.index for each in result.row.predictions] == expected
        assert result.row.unknown == unknown[number]
        sizes.add(len(expected))
    assert len(sizes) > 1


def test_probabilities_are_those_without_a_coverage(calibrated_module: Path) -> None:
    module = hub.Module(calibrated_module)
    given = photos(module, 3)
    for some, every in zip(
        infer(module, given, Options(coverage=0.9)), infer(module, given, Options(top=10)), strict=True
    ):
        assert some.row.predictions and every.row.predictions
        assert some.row.predictions == every.row.predictions[: len(some.row.predictions)]
        assert every.row.unknown is None


def test_engines_give_the_same_sets(calibrated_module: Path) -> None:
    rows = [
        [
            (tuple(p.index for p in result.row.predictions or ()), result.row.unknown)
            for result in infer(module, photos(module, 8), Options(coverage=0.9))
        ]
        for module in (hub.Module(calibrated_module), hub.Module(calibrated_module, engine="torch"))
    ]
    assert rows[0] == rows[1]


def test_coverage_holds_on_new_images(calibrated_module: Path) -> None:
    """Of 240 others; 0.9 by 120 held-out images is known to three points."""
    module = hub.Module(calibrated_module)
    arrays = bundle.read(calibrated_module).calibration
    assert arrays is not None
    calibration = Calibration.of(module.architecture, arrays)
    new = outputs(module, 3, 240)
    sets = PredictionSets(calibration, 0.9)
    covered = [
        truth in sets(logits, (chances[0], chances[1]))
        for logits, chances, truth in zip(new.logits, new.chances, new.classes, strict=True)
    ]
    assert np.mean(covered) == pytest.approx(0.9, abs=0.08)


def test_heatmaps_beside_sets(calibrated_module: Path) -> None:
    module = hub.Module(calibrated_module)
    (result,) = infer(module, photos(module, 1), Options(coverage=0.9, feature_maps=True))
    assert result.feature_map is not None and result.row.unknown is not None


def test_what_has_no_coverage_says_so(small_module: Path, calibrated_module: Path) -> None:
    message = (
        "small has not been calibrated, .* inception-hub calibrate MODULE DATA, or leave the coverage out"
    )
    with pytest.raises(ArgumentError, match=message):
        hub.classify(b"", small_module, coverage=0.9)
    with pytest.raises(ArgumentError, match=r"coverage of 0\.999 needs 999 photos .* calibrated on 120"):
        hub.classify(b"", calibrated_module, coverage=0.999)
    with pytest.raises(ArgumentError, match="top is 3 and coverage is 0.9; give one of them"):
        hub.classify(b"", calibrated_module, top=3, coverage=0.9)
    with pytest.raises(InceptionHubError, match="coverage is 0; give a share"):
        hub.classify(b"", calibrated_module, coverage=0)
