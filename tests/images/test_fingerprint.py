"""The fingerprint: nearly the same for the same photo at another size, another for another photo."""

import numpy as np
from helpers.copied_photos import scene
from PIL import Image

from inception_hub.images.fingerprint import SIDE, fingerprint


def test_is_the_whole_photo_small_and_grey() -> None:
    photo = Image.new("RGB", (300, 200), (255, 0, 0))
    photo.paste((0, 0, 255), (150, 0, 300, 200))
    found = fingerprint(photo)
    assert found.shape == (SIDE, SIDE) and found.dtype == np.uint8
    assert set(found[:, : SIDE // 2 - 1].ravel().tolist()) == {76}  # red's and blue's share of grey
    assert set(found[:, SIDE // 2 + 1 :].ravel().tolist()) == {29}


def test_is_nearly_the_same_at_another_size() -> None:
    photo = scene(0, (1200, 900))
    small = photo.resize((300, 225), Image.Resampling.BOX)
    one, other = (fingerprint(each).astype(int) for each in (photo, small))
    assert np.abs(one - other).mean() < 2
    assert np.abs(one - fingerprint(scene(1, (1200, 900)))).mean() > 20


def test_takes_arrays_too() -> None:
    photo = scene(0)
    np.testing.assert_array_equal(fingerprint(np.asarray(photo)), fingerprint(photo))
