"""Photos as a module takes them: stacked, by its size and preset."""

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from helpers.cases import images_from_seed
from helpers.dataset_photos import png
from helpers.image_files import RGB, encoded
from PIL import Image

import inception_hub as hub
from inception_hub import bundle
from inception_hub.errors import ArgumentError, ImageError, InputError
from inception_hub.images.loading import (
    decode_and_resize,
    decode_and_resize_again,
    load_image,
    load_images,
)
from inception_hub.images.presets import PRESETS, Preset


def test_load_images() -> None:
    content = encoded(Image.fromarray(RGB), "PNG")
    images = load_images([content, Image.fromarray(RGB)], (16, 24))
    assert images.shape == (2, 16, 24, 3) and images.dtype == np.float32
    assert np.array_equal(images[0], load_image(content, (16, 24)))
    assert 0 <= images.min() and images.max() <= 1


def test_load_images_says_what_it_takes() -> None:
    with pytest.raises(ImageError, match="cat.jpg does not exist"):
        load_images("cat.jpg", (8, 8))
    with pytest.raises(ArgumentError, match="images holds no photo; give at least one"):
        load_images([], (8, 8))
    with pytest.raises(ArgumentError, match="resize is 'fancy'; give one of default, slim, plain"):
        load_images([b""], (8, 8), resize="fancy")  # type: ignore[arg-type]
    with pytest.raises(
        InputError, match="images holds a list; give paths, bytes, open files, PIL images or uint8 arrays"
    ):
        load_images([["cat.jpg"]], (8, 8))  # type: ignore[list-item]


def test_one_photo_is_a_batch_of_one(tmp_path: Path) -> None:
    content = encoded(Image.fromarray(RGB), "PNG")
    path = tmp_path / "photo.png"
    path.write_bytes(content)
    expected = load_images([content], (16, 24))
    for one in (path, str(path), content, Image.fromarray(RGB), RGB, io.BytesIO(content), tmp_path):
        assert np.array_equal(load_images(one, (16, 24)), expected)
    assert load_images(iter([path, RGB]), (16, 24)).shape == (2, 16, 24, 3)


def test_load_images_takes_the_modules_size_and_preset(module: hub.Module, tmp_path: Path) -> None:
    path = tmp_path / "photo.png"
    Image.fromarray((images_from_seed((80, 90, 3), 0) * 255).astype(np.uint8)).save(path)
    images = hub.load_images([path, path], module)
    assert images.shape == (2, 64, 64, 3)
    assert np.array_equal(hub.load_images([path], (64, 64))[0], images[0])
    assert not np.array_equal(hub.load_images([path], module, resize="plain")[0], images[0])
    assert module(images).shape == (2, 10)


PHOTO = png(0, (120, 80))


@pytest.mark.parametrize("preset", PRESETS)
def test_the_modules_own_preset_and_size(small_module: Path, preset: Preset) -> None:
    spec = hub.ModuleSpec(replace(bundle.read(small_module), resize=preset, image_size=(48, 64)))
    expected = {each: load_image(PHOTO, (48, 64), each) for each in PRESETS}
    for module in (spec, hub.Module(spec)):
        assert np.array_equal(hub.load_images([PHOTO], module)[0], expected[preset])
        for each in PRESETS:
            assert np.array_equal(hub.load_images([PHOTO], module, resize=each)[0], expected[each])
    assert np.array_equal(hub.load_images([PHOTO], (48, 64))[0], expected["default"])
    assert np.array_equal(hub.load_images([PHOTO], (48, 64), resize="plain")[0], expected["plain"])


def test_another_size_of_the_same_photo() -> None:
    """As if it had been decoded for that size alone; an open file is not read again."""
    pixels = np.random.default_rng(0).integers(0, 256, (60, 80, 3)).astype(np.uint8)
    content = encoded(Image.fromarray(pixels).resize((1200, 900), Image.Resampling.BICUBIC), "JPEG")
    for preset in PRESETS:
        photo, _ = decode_and_resize(content, (32, 32), preset)
        again = decode_and_resize_again(photo, content, (192, 192), preset, max_pixels=10**7)
        assert np.array_equal(again, load_image(content, (192, 192), preset))
    file = io.BytesIO(content)
    photo, _ = decode_and_resize(file, (32, 32))
    coarse = decode_and_resize_again(photo, file, (192, 192), "default", max_pixels=10**7)
    assert np.abs(coarse - load_image(content, (192, 192))).mean() < 0.05
