"""Names of resize presets, and which part of a photo each shows."""

from typing import get_args

import numpy as np
import pytest

from inception_hub.images.presets import DEFINITIONS, PRESETS, Preset, visible_fractions
from inception_hub.images.resize import resize

SHAPES = [(160, 160), (160, 320), (330, 170)]  # height, width


def test_the_presets_are_the_literals() -> None:
    assert get_args(Preset) == PRESETS == tuple(DEFINITIONS) == ("default", "slim", "plain", "crop", "pad")


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("preset", PRESETS)
def test_what_lies_outside_the_visible_part_changes_nothing(preset: Preset, shape: tuple[int, int]) -> None:
    """Further than one and a half pixels of the image, that is: filters look beyond the edges of a crop."""
    size = (64, 48)
    parts = visible_fractions(preset, shape, size)
    photo = np.random.default_rng(0).integers(0, 256, (*shape, 3)).astype(np.uint8)
    same = resize(photo, size, preset)
    for axis, (length, target, part) in enumerate(zip(shape, size, parts, strict=True)):
        margin, step = length * (1 - part) / 2, length * part / target
        hidden = max(0, int(margin - 1.5 * step))
        other = np.moveaxis(photo.copy(), axis, 0)
        other[:hidden] = other[length - hidden :] = 0
        assert np.array_equal(same, resize(np.moveaxis(other, 0, axis), size, preset))
        first, last = max(0, int(margin)), min(length, int(length - margin))
        for strip in (slice(first, int(first + 2 * step)), slice(int(last - 2 * step), last)):
            other = np.moveaxis(photo.copy(), axis, 0)
            other[strip] ^= 255
            assert not np.array_equal(same, resize(np.moveaxis(other, 0, axis), size, preset))


def test_of_crop_and_pad_the_visible_part_is_of_the_images_proportions() -> None:
    assert visible_fractions("crop", (100, 200), (224, 224)) == pytest.approx((0.875, 0.4375))
    assert visible_fractions("crop", (300, 100), (100, 200)) == pytest.approx((0.875 / 6, 0.875))
    assert visible_fractions("pad", (100, 200), (224, 224)) == pytest.approx((2, 1))
    assert visible_fractions("pad", (100, 100), (96, 160)) == pytest.approx((1, 160 / 96))
    for preset, least in (("crop", 0.875), ("pad", 1.0)):
        down, across = visible_fractions(preset, (31, 77), (64, 48))
        assert down * 31 / (across * 77) == pytest.approx(64 / 48)
        assert (max if preset == "crop" else min)(down, across) == pytest.approx(least)
