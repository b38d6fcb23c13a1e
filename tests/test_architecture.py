"""The table against TF-Slim's published and recorded figures."""

import json

import pytest
from helpers.cases import RECORDED

from inception_hub.architecture import Architecture, same_padding
from inception_hub.errors import ArgumentError


def test_the_277_variables_are_tensorflows_own() -> None:
    """Names, shapes and flags as TensorFlow's collections gave them; see data/record_original.py."""
    recorded = json.loads((RECORDED / "variables.json").read_text("utf-8"))
    table = {
        variable.name: {
            "shape": list(variable.shape),
            "trainable": variable.trainable,
            "regularized": variable.regularized,
        }
        for variable in Architecture().variables.values()
    }
    assert table == recorded
    assert len(table) == 277
    assert sum(v["trainable"] for v in table.values()) == 141
    assert sum(v["regularized"] for v in table.values()) == 69


def test_sizes_are_the_published_ones() -> None:
    original = Architecture()
    assert original.num_parameters() == 11_199_137
    assert Architecture(num_classes=0).num_parameters() == 10_173_112
    assert sum(v.size for v in original.variables.values() if v.trainable) == 11_179_361
    assert original.macs(224, 224) == 1_934_858_240
    assert original.num_features == 1024


def test_endpoint_shapes_at_224() -> None:
    shapes = Architecture().endpoint_shapes(224, 224)
    assert {name.removeprefix("InceptionV2/"): shape for name, shape in shapes.items()} == {
        "Conv2d_1a_7x7": (112, 112, 64),
        "MaxPool_2a_3x3": (56, 56, 64),
        "Conv2d_2b_1x1": (56, 56, 64),
        "Conv2d_2c_3x3": (56, 56, 192),
        "MaxPool_3a_3x3": (28, 28, 192),
        "Mixed_3b": (28, 28, 256),
        "Mixed_3c": (28, 28, 320),
        "Mixed_4a": (14, 14, 576),
        "Mixed_4b": (14, 14, 576),
        "Mixed_4c": (14, 14, 576),
        "Mixed_4d": (14, 14, 576),
        "Mixed_4e": (14, 14, 576),
        "Mixed_5a": (7, 7, 1024),
        "Mixed_5b": (7, 7, 1024),
        "Mixed_5c": (7, 7, 1024),
        "global_pool": (1, 1, 1024),
        "Logits": (1001,),
        "Predictions": (1001,),
    }
    assert tuple(shapes) == Architecture().endpoint_names


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


@pytest.mark.parametrize(
    "size, kernel, stride, expected",
    [
        (224, 7, 2, (2, 3)),
        (225, 7, 2, (3, 3)),
        (112, 3, 2, (0, 1)),
        (113, 3, 2, (1, 1)),
        (7, 3, 1, (1, 1)),
        (1, 3, 2, (1, 1)),
        (5, 1, 1, (0, 0)),
    ],
)
def test_same_padding_is_tensorflows(size: int, kernel: int, stride: int, expected: tuple[int, int]) -> None:
    assert same_padding(size, kernel, stride) == expected
