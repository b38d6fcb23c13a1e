"""Rounds the first layer's kernel to int8 by what it does to photos, not value by value.

NNCF gives that layer 7 of the 8 bits, as older processors add up its products in 16. Photos are smooth, so
errors of neighbouring values add up: rounded to the nearest, this one layer made half of what int8 changed in
the bundled module's predictions. Each value's error is made up for by the values after it instead, as GPTQ
does (Frantar et al. 2022, https://arxiv.org/abs/2210.17323).
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..architecture import Architecture, Layer
from ..engines.int8 import Int8
from ..weights import Weights, fold

DAMPING = 0.01  # of the mean variance, added to each: the paper's, so that the matrix can be inverted

Floats = NDArray[np.float64]


def round_first_layer(
    architecture: Architecture, weights: Weights, int8: Int8, images: Sequence[NDArray[np.float32]]
) -> Int8:
    """`int8` with the first layer's `weights` and `biases` rounded for `images`; its scale and range stay.

    `weights`: the float32 network's. `images`: float32 [n, height, width, 3] in [0, 1] each.
    """
    layer = next(architecture.layers)
    kernel, bias = fold(layer, weights)
    scale, before = int8[f"{layer.name}/scale"].astype(np.float64), int8[f"{layer.name}/weights"]
    flat = kernel.reshape(-1, layer.out_channels).astype(np.float64)
    mean, covariance = _moments(images, layer)
    steps = _rounded(flat / scale, covariance, most=int(np.abs(before.astype(np.int16)).max()))
    shift = mean @ (flat - steps * scale)  # the error's mean, which the bias takes
    return {
        **int8,
        f"{layer.name}/weights": steps.astype(np.int8).reshape(kernel.shape),
        f"{layer.name}/biases": (bias + shift).astype(np.float32),
    }


def _rounded(exact: Floats, covariance: Floats, most: int) -> Floats:
    """Whole numbers of at most `most` near `exact`, [inputs, out], whose products with inputs of that
    `covariance` err little."""
    count = len(exact)
    damped = covariance + DAMPING * np.trace(covariance) / count * np.eye(count)
    # Row i tells how far the values from i on must move to make up for an error of value i.
    passing = np.linalg.cholesky(np.linalg.inv(damped)).T
    left, steps = exact.copy(), np.zeros_like(exact)
    for index in range(count):
        steps[index] = np.clip(np.rint(left[index]), -most, most)
        error = (left[index] - steps[index]) / passing[index, index]
        left[index:] -= np.outer(passing[index, index:], error)
    return steps


def _moments(images: Sequence[NDArray[np.float32]], layer: Layer) -> tuple[Floats, Floats]:
    """Mean and covariance of what `layer` multiplies its kernel with: [inputs] and [inputs, inputs]."""
    inputs = layer.kernel**2 * layer.in_channels
    total, products, count = np.zeros(inputs), np.zeros((inputs, inputs)), 0
    for batch in images:
        for image in batch:
            patches = _patches(2 * image - 1, layer)
            total += patches.sum(0, dtype=np.float64)
            products += patches.T @ patches
            count += len(patches)
    mean = total / count
    return mean, products / count - np.outer(mean, mean)


def _patches(image: NDArray[np.float32], layer: Layer) -> NDArray[np.float32]:
    """[positions, kernel * kernel * channels] of `image`, padded as TF's SAME does."""
    padding = []
    for length in image.shape[:2]:
        missing = max(0, (-(-length // layer.stride) - 1) * layer.stride + layer.kernel - length)
        padding.append((missing // 2, missing - missing // 2))
    padded = np.pad(image, (*padding, (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (layer.kernel, layer.kernel), (0, 1))
    strided = windows[:: layer.stride, :: layer.stride].transpose(0, 1, 3, 4, 2)
    return strided.reshape(-1, layer.kernel**2 * layer.in_channels)
