"""Kernels in the order of ONNX and PyTorch."""

import numpy as np
import pytest

from inception_hub.architecture import LOGITS_LAYER
from inception_hub.formats.layouts import from_oihw, to_oihw

STEM = "InceptionV2/Conv2d_1a_7x7/depthwise_weights"


@pytest.mark.parametrize(
    "name, shape, stored",
    [
        ("InceptionV2/Conv2d_2c_3x3/weights", (3, 3, 4, 5), (5, 4, 3, 3)),
        ("InceptionV2/Conv2d_1a_7x7/pointwise_weights", (1, 1, 6, 5), (5, 6, 1, 1)),
        (STEM, (7, 7, 3, 2), (6, 1, 7, 7)),
        (f"{LOGITS_LAYER}/weights", (1, 1, 6, 4), (6, 4)),
        (f"{LOGITS_LAYER}/biases", (4,), (4,)),
    ],
)
def test_there_and_back(name: str, shape: tuple[int, ...], stored: tuple[int, ...]) -> None:
    array = np.arange(np.prod(shape), dtype=np.float32).reshape(shape)
    there = to_oihw(name, array)
    assert there.shape == stored and there.flags.c_contiguous
    assert np.array_equal(from_oihw(name, there), array)


def test_the_groups_of_the_stem_are_channels_of_the_image() -> None:
    array = np.arange(7 * 7 * 3 * 2).reshape(7, 7, 3, 2)
    assert np.array_equal(to_oihw(STEM, array)[2 * 1 + 1, 0], array[:, :, 1, 1])


def test_other_shapes_are_left_to_the_check_of_weights() -> None:
    for shape in ((5,), (4, 3, 2), (0, 2), (7, 1, 2, 2)):
        array = np.zeros(shape)
        assert from_oihw(STEM, array).size == array.size
        assert from_oihw(f"{LOGITS_LAYER}/weights", array).size == array.size
