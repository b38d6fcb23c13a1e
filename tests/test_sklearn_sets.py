"""Sets of classes from `PhotoClassifier`: calibrated on other photos, with the coverage asked for."""

from pathlib import Path

import numpy as np
import pytest
from helpers.cases import images_from_seed
from PIL import Image
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from inception_hub import Module
from inception_hub.errors import ArgumentError, InputError
from inception_hub.sklearn import PhotoClassifier, _module


def drawn(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Images whose brightness leans towards their class, and the classes."""
    classes = np.array(["bright", "dark", "grey"])[np.random.default_rng(seed).integers(0, 3, count)]
    images = images_from_seed((count, 64, 64, 3), seed)
    shade = {"bright": 0.9, "dark": 0.55, "grey": 0.7}
    noise = np.random.default_rng(seed + 1).normal(0, 0.1, count)
    scale = np.array([shade[name] for name in classes]) + noise
    return (images * scale.clip(0.1, 1)[:, None, None, None]).astype(np.float32), classes


@pytest.fixture(scope="module")
def fitted(small_module: Path) -> PhotoClassifier:
    images, classes = drawn(60, 1)
    try:
        return PhotoClassifier(str(small_module), C=10).fit(images, classes).calibrate(*drawn(100, 3))
    finally:
        _module.cache_clear()


def test_sets_cover_what_was_asked(fitted: PhotoClassifier) -> None:
    images, classes = drawn(200, 5)
    sizes = []
    for coverage in (0.6, 0.9):
        found = fitted.predict_set(images, coverage)
        assert found.shape == (200, 3) and found.dtype == bool
        covered = found[np.arange(200), np.searchsorted(fitted.classes_, classes)]
        assert covered.mean() == pytest.approx(coverage, abs=0.13)
        sizes.append(found.sum(1).mean())
    assert sizes[0] < sizes[1]
    assert np.array_equal(fitted.predict_set(images[7:8], 0.9), fitted.predict_set(images, 0.9)[7:8])


def test_files_are_taken_as_arrays_are(fitted: PhotoClassifier, tmp_path: Path) -> None:
    paths = []
    for number, image in enumerate(drawn(6, 9)[0]):
        Image.fromarray((image * 255).astype(np.uint8)).resize((90, 80)).save(tmp_path / f"{number}.png")
        paths.append(str(tmp_path / f"{number}.png"))
    assert fitted.predict_set(paths, 0.9).shape == (6, 3)


def test_what_is_refused(fitted: PhotoClassifier, small_module: Path) -> None:
    images, classes = drawn(6, 7)
    with pytest.raises(ArgumentError, match=r"A coverage of 0\.995 needs 199 photos or more"):
        fitted.predict_set(images, 0.995)
    with pytest.raises(ArgumentError, match="coverage is 2"):
        fitted.predict_set(images, 2)
    with pytest.raises(ArgumentError, match="y holds 'blue', which `fit` has not seen"):
        fitted.calibrate(images, ["blue"] * 6)
    with pytest.raises(ArgumentError, match="X holds 6 photos and y 5 classes"):
        fitted.calibrate(images, classes[:5])
    with pytest.raises(ArgumentError, match="y is NoneType .*; give one class a photo"):
        fitted.calibrate(images, None)
    with pytest.raises(NotFittedError, match="is not calibrated; call calibrate with photos that fit"):
        clone(fitted).fit(*drawn(30, 1)).predict_set(images)


def test_a_module_is_named_by_its_handle(small_module: Path) -> None:
    for module in (Module(small_module), None, 1):
        with pytest.raises(InputError, match="^module is of type .+; give its handle or path"):
            PhotoClassifier(module).fit(*drawn(2, 3))  # type: ignore[arg-type]
