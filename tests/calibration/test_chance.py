"""A photo's random numbers: its own, the same for bytes and floats, uniform and independent."""

import numpy as np

from inception_hub.calibration import chance


def test_bytes_and_floats_give_the_same_numbers() -> None:
    levels = np.random.default_rng(0).integers(0, 256, (8, 8, 3), np.uint8)
    images = levels / np.float32(255)
    assert chance(levels) == chance(images.astype(np.float32)) == chance(images + np.float32(1e-4))
    assert chance(levels) == chance(images - np.float32(1e-4))
    assert chance(levels) != chance(levels[::-1])
    assert chance(levels[:, ::-1]) == chance(np.ascontiguousarray(levels[:, ::-1])), (
        "however it lies in memory"
    )


def test_floats_outside_the_unit_range_are_its_ends() -> None:
    assert chance(np.full((2, 2, 3), 1.7, np.float32)) == chance(np.full((2, 2, 3), 255, np.uint8))
    assert chance(np.full((2, 2, 3), -0.7, np.float32)) == chance(np.zeros((2, 2, 3), np.uint8))


def test_the_numbers_are_recorded() -> None:
    """Sets of a module that was calibrated by an earlier release stay the same."""
    np.testing.assert_allclose(chance(np.zeros((2, 2, 3), np.uint8)), RECORDED, rtol=0, atol=0)


def test_they_are_uniform_and_independent() -> None:
    photos = np.random.default_rng(1).integers(0, 256, (4000, 4, 4, 3), np.uint8)
    first, second = np.array([chance(photo) for photo in photos]).T
    for numbers in (first, second):
        assert numbers.min() >= 0 and numbers.max() < 1
        counts = np.bincount((numbers * 10).astype(int), minlength=10)
        assert abs(counts - 400).max() < 5 * 400**0.5
    assert abs(np.corrcoef(first, second)[0, 1]) < 0.08


RECORDED = (0.009766770667084534, 0.7333846532053521)
