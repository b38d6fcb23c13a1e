"""The first layer's kernel, rounded for photos."""

import numpy as np
import pytest
import torch
from skimage import data

from inception_hub import load_images, load_module_spec
from inception_hub.engines.int8 import Int8
from inception_hub.quantization.rounding import round_first_layer
from inception_hub.weights import fold

SPEC = load_module_spec("tiny_imagenet")
LAYER = next(SPEC.bundle.architecture.layers)
MOST = 63  # of 7 bits


@pytest.fixture(scope="module")
def nearest() -> Int8:
    """The first layer rounded value by value, and an array that is none of its."""
    kernel, bias = fold(LAYER, SPEC.bundle.weights)
    scale = np.abs(kernel).max((0, 1, 2)) / MOST
    return {
        f"{LAYER.name}/weights": np.rint(kernel / scale).astype(np.int8),
        f"{LAYER.name}/scale": scale.astype(np.float32),
        f"{LAYER.name}/biases": bias,
        "other/range": np.zeros(2, np.float32),
    }


def error(int8: Int8, images: np.ndarray) -> float:
    """Of the layer's outputs on `images`: root mean square over that of the outputs themselves."""
    kernel, bias = fold(LAYER, SPEC.bundle.weights)
    floats = int8[f"{LAYER.name}/weights"] * int8[f"{LAYER.name}/scale"]
    exact, rounded = (
        convolution(images, kernel, bias),
        convolution(images, floats, int8[f"{LAYER.name}/biases"]),
    )
    return float(np.sqrt(((rounded - exact) ** 2).mean() / (exact**2).mean()))


def convolution(images: np.ndarray, kernel: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """By PyTorch in float64; of images whose sides are even, SAME is two before and three behind."""
    scaled = torch.nn.functional.pad(
        torch.tensor(2.0 * images - 1).permute(0, 3, 1, 2).double(), (2, 3, 2, 3)
    )
    weights = torch.tensor(kernel).permute(3, 2, 0, 1).double()
    return torch.nn.functional.conv2d(scaled, weights, torch.tensor(bias).double(), stride=2).numpy()


def test_it_errs_little_on_photos_it_has_not_seen(nearest: Int8) -> None:
    seen = [load_images([data.coffee()], (96, 96)), load_images([data.rocket(), data.cat()], (96, 96))]
    better = round_first_layer(SPEC.bundle.architecture, SPEC.bundle.weights, nearest, seen)
    unseen = load_images([data.chelsea(), data.astronaut()], (96, 96))
    assert error(better, unseen) < 0.25 * error(nearest, unseen)


def test_only_the_first_layers_kernel_and_bias_change(nearest: Int8) -> None:
    images = load_images([data.coffee()], (75, 96))
    better = round_first_layer(SPEC.bundle.architecture, SPEC.bundle.weights, nearest, [images])
    changed = {name for name in nearest if not np.array_equal(nearest[name], better[name])}
    assert changed == {f"{LAYER.name}/weights", f"{LAYER.name}/biases"}
    assert {name: array.dtype for name, array in better.items()} == {n: a.dtype for n, a in nearest.items()}
    kernel = better[f"{LAYER.name}/weights"].astype(int)
    assert np.abs(kernel).max() <= MOST, "more bits than before overflow on older processors"
