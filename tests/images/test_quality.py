"""Figures of a photo's quality, on pictures for which they are known."""

import io
import math

import numpy as np
import pytest
from PIL import Image, ImageFilter

from inception_hub.images.decode import picture, stored_size
from inception_hub.images.quality import SIDE, quality


def noise(width: int = 256, height: int = 256) -> Image.Image:
    pixels = np.random.default_rng(0).integers(0, 256, (height // 8, width // 8, 3), np.uint8)
    return Image.fromarray(pixels).resize((width, height), Image.Resampling.NEAREST)


def test_brightness_is_that_of_the_brightest_twentieth() -> None:
    image = Image.new("RGB", (SIDE, SIDE), (51, 51, 51))
    assert quality(image, image.size).brightness == 51 / 255
    image.paste((255, 255, 255), (0, 0, SIDE, SIDE // 10))  # a tenth of it
    assert quality(image, image.size).brightness == 1
    image.paste((51, 51, 51), (0, SIDE // 25, SIDE, SIDE))  # less than a twentieth of it
    assert quality(image, image.size).brightness == 51 / 255


def test_colour_is_the_spread_of_the_channels() -> None:
    assert quality(noise().convert("L").convert("RGB"), (256, 256)).colour == 0
    assert quality(Image.new("RGB", (200, 200), (255, 0, 0)), (200, 200)).colour == 1
    half = Image.new("RGB", (SIDE, SIDE), (9, 9, 9))
    half.paste((60, 9, 9), (0, 0, SIDE // 2, SIDE))
    assert quality(half, half.size).colour == pytest.approx(51 / 255 / 2)


def test_sharpness_falls_as_a_photo_is_blurred_and_is_not_measured_where_it_was_enlarged() -> None:
    sharp = noise()
    values = [
        quality(sharp.filter(ImageFilter.GaussianBlur(radius)), sharp.size).sharpness
        for radius in (0, 2, 4, 8)
    ]
    assert values == sorted(values, reverse=True) and values[0] > 20 * values[2]
    step = np.zeros((SIDE, SIDE, 3), np.uint8)
    step[:, SIDE // 2 :] = 100  # each row: one +100 and one -100 among SIDE - 2
    expected = 2 * 100**2 / (SIDE - 2)
    assert quality(Image.fromarray(step), (SIDE, SIDE)).sharpness == pytest.approx(expected)
    assert math.isnan(quality(noise(64, 64), (SIDE - 1, 300)).sharpness)


def test_the_size_is_the_stored_one_and_the_rest_hardly_depends_on_it() -> None:
    large = noise(1024, 768)
    file = io.BytesIO()
    large.save(file, "JPEG", quality=95)
    reduced = picture(file.getvalue(), least=SIDE)
    assert reduced.size == (256, 192) and stored_size(file.getvalue()) == (1024, 768)
    whole, part = quality(large, large.size), quality(reduced, stored_size(file.getvalue()))
    assert (part.shorter, part.longer) == (768, 1024)
    assert part.brightness == pytest.approx(whole.brightness, abs=0.05)
    assert part.sharpness == pytest.approx(whole.sharpness, rel=0.3)
    assert part.colour == pytest.approx(whole.colour, abs=0.05)


def test_extreme_shapes_take_no_more_work() -> None:
    assert quality(Image.new("RGB", (100_000, 2)), (100_000, 2)).longer == 100_000


def test_a_blue_photo_is_not_dark() -> None:
    assert quality(Image.new("RGB", (200, 200), (0, 0, 255)), (200, 200)).brightness == 1
