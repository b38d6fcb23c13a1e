"""What one layer holds, and TensorFlow's padding."""

import pytest

from inception_hub.architecture import Layer, same_padding


def test_a_convolution_has_batch_norm_and_the_head_a_bias() -> None:
    kernel, *rest = Layer("a", "conv", 3, 1, 4, 8, None).variables
    assert (kernel.name, kernel.shape, kernel.regularized) == ("a/weights", (3, 3, 4, 8), True)
    assert kernel.stddev == pytest.approx((1.3 * 2 / 36) ** 0.5)
    assert [(v.name, v.shape, v.trainable, v.constant) for v in rest] == [
        ("a/BatchNorm/beta", (8,), True, 0.0),
        ("a/BatchNorm/moving_mean", (8,), False, 0.0),
        ("a/BatchNorm/moving_variance", (8,), False, 1.0),
    ]
    head = Layer("a", "conv", 1, 1, 4, 8, None, is_head=True)
    assert [v.name for v in head.variables] == ["a/weights", "a/biases"]


def test_a_separable_convolution_has_two_kernels_without_weight_decay_and_a_bias() -> None:
    layer = Layer("a", "separable_conv", 7, 2, 3, 64, 1.0, 8)
    assert [(v.name, v.shape, v.regularized) for v in layer.variables] == [
        ("a/depthwise_weights", (7, 7, 3, 8), False),
        ("a/pointwise_weights", (1, 1, 24, 64), False),
        ("a/biases", (64,), False),
    ]
    assert layer.macs(112, 112) == (7 * 7 * 3 * 8 + 24 * 64) * 112 * 112


def test_a_pool_has_no_variables_and_costs_nothing() -> None:
    layer = Layer("a", "max_pool", 3, 2, 4, 4, None)
    assert layer.variables == () and layer.macs(7, 7) == 0


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
