"""Names of resize presets, and how much of a photo each shows."""

from typing import get_args

import numpy as np
import pytest

from inception_hub.images.presets import PRESETS, Preset, visible_fraction
from inception_hub.images.resize import resize


def test_the_presets_are_the_literals() -> None:
    assert get_args(Preset) == PRESETS == ("default", "slim", "plain")


@pytest.mark.parametrize("preset", PRESETS)
def test_what_lies_outside_the_visible_part_changes_nothing(preset: Preset) -> None:
    part = visible_fraction(preset)
    photo = np.random.default_rng(0).integers(0, 256, (160, 160, 3)).astype(np.uint8)
    margin = round(160 * (1 - part) / 2)
    other = photo.copy()
    other[:margin] = other[:, :margin] = 0
    same = np.array_equal(resize(photo, (64, 64), preset), resize(other, (64, 64), preset))
    assert same and (margin == 10) == (preset != "plain")
    photo[80, margin] ^= 255
    if margin:
        assert not np.array_equal(resize(photo, (64, 64), preset), resize(other, (64, 64), preset))
