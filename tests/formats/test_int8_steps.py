"""Steps of int8: zero points, ranges by layer, and biases that int32 cannot hold."""

import numpy as np
import pytest

from inception_hub import load_module_spec
from inception_hub.engines.int8 import Int8
from inception_hub.formats.int8_steps import LARGEST_BIAS, ranges, step, whole, zero_point


def limits(low: float, high: float) -> np.ndarray:
    return np.array([low, high], np.float32)


def test_steps_and_what_stands_for_zero() -> None:
    assert zero_point(limits(-1.28, 1.27)) == 128
    assert (step(limits(0, 2.55)), zero_point(limits(0, 2.55))) == (np.float32(0.01), 0)
    assert zero_point(limits(0.3, 2.3)) == 0 and zero_point(limits(-3, -1)) == 255
    assert step(limits(0, 0)) > 0


def made(kernel: int, scale: float, bias: float) -> Int8:
    return {
        "x/weights": np.full((1, 1, 2, 1), kernel, np.int8),
        "x/scale": np.full(1, scale, np.float32),
        "x/biases": np.full(1, bias, np.float32),
    }


@pytest.mark.parametrize("given", [limits(0, 2.55), None])
def test_weights_stay_as_they_are_where_their_bias_fits(given: np.ndarray | None) -> None:
    result = whole(made(100, 0.5, 3.0), "x", given)
    assert (result.kernel == 100).all() and result.scale == 0.5
    assert result.bias * result.bias_scale == pytest.approx(3.0)


def test_a_kernel_gets_coarser_steps_where_its_bias_does_not_fit() -> None:
    result = whole(made(100, 1e-12, 3.0), "x", limits(0, 2.55))
    assert np.abs(result.bias) <= LARGEST_BIAS and result.bias * result.bias_scale == pytest.approx(3.0)
    assert result.scale > 1e-12 and (result.kernel == 0).all()


def test_every_layer_has_the_range_of_its_input() -> None:
    bundle = load_module_spec("tiny_imagenet").bundle
    assert bundle.int8 is not None
    found = ranges(bundle.architecture, bundle.int8)
    blocks = {block.name for block in bundle.architecture.blocks if len(block.branches) > 1}
    assert set(found) == {layer.name for layer in bundle.architecture.layers} | blocks

    def same(name: str, source: str) -> bool:
        return np.array_equal(found[name], bundle.int8[f"{source}/range"])  # type: ignore[index, arg-type]

    assert same("InceptionV2/Conv2d_1a_7x7", "scaled_images")
    assert same("InceptionV2/MaxPool_2a_3x3", "InceptionV2/Conv2d_1a_7x7")
    assert same("InceptionV2/Conv2d_2b_1x1", "InceptionV2/Conv2d_1a_7x7")
    assert same("InceptionV2/Logits/Conv2d_1c_1x1", "InceptionV2/global_pool")
    assert found["InceptionV2/Mixed_3b"] is not None and found["InceptionV2/Mixed_5c"] is None
