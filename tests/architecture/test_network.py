"""The network at other depths, sizes and numbers of classes."""

import pytest

from inception_hub.architecture import Architecture
from inception_hub.errors import ArgumentError


@pytest.mark.parametrize(
    "size, expected",
    [
        (1, 1),
        (32, 1),
        (33, 2),
        (64, 2),
        (96, 3),
        (128, 4),
        (160, 5),
        (192, 6),
        (193, 7),
        (225, 8),
        (250, 8),
        (299, 10),
        (300, 10),
    ],
)
def test_the_last_map_is_a_thirty_second_rounded_up(size: int, expected: int) -> None:
    assert Architecture(0.25).endpoint_shapes(size, 224)["InceptionV2/Mixed_5c"] == (expected, 7, 256)


def test_depth_multiplier_thins_every_layer_but_never_below_16() -> None:
    half = Architecture(0.5, 10).variables
    assert half["InceptionV2/Mixed_5b/Branch_0/Conv2d_0a_1x1/weights"].shape == (1, 1, 512, 176)
    assert half["InceptionV2/Mixed_3b/Branch_3/Conv2d_0b_1x1/weights"].shape == (1, 1, 96, 16)
    thin = Architecture(0.01).variables
    assert thin["InceptionV2/Mixed_5c/Branch_1/Conv2d_0b_3x3/weights"].shape == (3, 3, 16, 16)
    assert thin["InceptionV2/Conv2d_1a_7x7/depthwise_weights"].shape == (7, 7, 3, 5)


@pytest.mark.parametrize("multiplier", [0, -1.0, float("nan"), float("inf")])
def test_a_senseless_depth_multiplier_is_refused(multiplier: float) -> None:
    with pytest.raises(ArgumentError, match=r"depth_multiplier is .*greater than zero"):
        Architecture(multiplier)


def test_a_negative_number_of_classes_is_refused() -> None:
    with pytest.raises(ArgumentError, match="num_classes is -1"):
        Architecture(num_classes=-1)
