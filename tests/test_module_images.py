"""`load_images`: photos as a module wants them, by its size and its own preset unless told otherwise."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from helpers.dataset_photos import png

import inception_hub as hub
from inception_hub import bundle
from inception_hub.images.loading import load_image
from inception_hub.images.presets import PRESETS, Preset

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
