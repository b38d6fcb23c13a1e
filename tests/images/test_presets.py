"""The presets by name: each is computed, and the part of a photo that it sees is what `resize` reads."""

import numpy as np
import pytest

from inception_hub.images.presets import PRESETS, Preset, visible_fraction
from inception_hub.images.resize import resize


@pytest.mark.parametrize("preset", PRESETS)
def test_what_lies_outside_the_visible_part_changes_nothing(preset: Preset) -> None:
    photo = np.random.default_rng(0).integers(0, 256, (80, 160, 3), np.uint8)
    edge = [round(side * (1 - visible_fraction(preset)) / 2) for side in photo.shape[:2]]
    covered = np.zeros_like(photo)
    inside = tuple(slice(cut, side - cut) for cut, side in zip(edge, photo.shape[:2], strict=True))
    covered[inside] = photo[inside]
    images = [resize(each, (32, 32), preset) for each in (photo, covered)]
    assert np.array_equal(*images)
    assert (edge == [0, 0]) == (preset == "plain")


def test_three_presets_the_original_tools_own_first() -> None:
    assert PRESETS == ("default", "slim", "plain")
