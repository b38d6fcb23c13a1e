"""Inception V2 in plain NumPy, float64: a third implementation beside the two engines.

Written from the layer listing of TF-Slim's `inception_v2`, not from `architecture/table.py`: it retypes the
network on purpose, so that a wrong row in the table is outvoted.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def _windows(x: Array, kernel: int, stride: int, fill: float) -> Array:
    """SAME-padded windows [batch, height, width, channels, kernel, kernel]."""
    pads = []
    for size in x.shape[1:3]:
        total = max((-(-size // stride) - 1) * stride + kernel - size, 0)
        pads.append((total // 2, total - total // 2))
    x = np.pad(x, ((0, 0), *pads, (0, 0)), constant_values=fill)
    return np.lib.stride_tricks.sliding_window_view(x, (kernel, kernel), (1, 2))[:, ::stride, ::stride]


def _max_pool(x: Array, stride: int) -> Array:
    return _windows(x, 3, stride, -np.inf).max((-2, -1))


def _avg_pool(x: Array) -> Array:
    ones = np.ones_like(x)
    return _windows(x, 3, 1, 0).sum((-2, -1)) / _windows(ones, 3, 1, 0).sum((-2, -1))


class Oracle:
    """Calls return every endpoint, NHWC float64, for images in [0, 1]."""

    def __init__(self, weights: Mapping[str, NDArray[np.float32]]) -> None:
        self.weights = {name: array.astype(np.float64) for name, array in weights.items()}

    def conv(self, x: Array, scope: str, stride: int = 1) -> Array:
        scope = f"InceptionV2/{scope}"
        kernel = self.weights[f"{scope}/weights"]
        y = np.einsum("bhwcij,ijco->bhwo", _windows(x, kernel.shape[0], stride, 0), kernel, optimize=True)
        mean = self.weights[f"{scope}/BatchNorm/moving_mean"]
        variance = self.weights[f"{scope}/BatchNorm/moving_variance"]
        beta = self.weights[f"{scope}/BatchNorm/beta"]
        return np.maximum((y - mean) / np.sqrt(variance + 0.001) + beta, 0)

    def stem(self, x: Array) -> Array:
        scope = "InceptionV2/Conv2d_1a_7x7"
        depthwise = self.weights[f"{scope}/depthwise_weights"]
        y = np.einsum("bhwcij,ijcm->bhwcm", _windows(x, 7, 2, 0), depthwise, optimize=True)
        y = y.reshape(*y.shape[:3], -1) @ self.weights[f"{scope}/pointwise_weights"][0, 0]
        return np.maximum(y + self.weights[f"{scope}/biases"], 0)

    def inception(self, x: Array, block: str, pool: str = "avg") -> Array:
        b0 = self.conv(x, f"{block}/Branch_0/Conv2d_0a_1x1")
        b1 = self.conv(x, f"{block}/Branch_1/Conv2d_0a_1x1")
        b1 = self.conv(b1, f"{block}/Branch_1/Conv2d_0b_3x3")
        b2 = self.conv(x, f"{block}/Branch_2/Conv2d_0a_1x1")
        b2 = self.conv(b2, f"{block}/Branch_2/Conv2d_0b_3x3")
        b2 = self.conv(b2, f"{block}/Branch_2/Conv2d_0c_3x3")
        b3 = _max_pool(x, 1) if pool == "max" else _avg_pool(x)
        b3 = self.conv(b3, f"{block}/Branch_3/Conv2d_0b_1x1")
        return np.concatenate([b0, b1, b2, b3], 3)

    def reduction(self, x: Array, block: str) -> Array:
        b0 = self.conv(x, f"{block}/Branch_0/Conv2d_0a_1x1")
        b0 = self.conv(b0, f"{block}/Branch_0/Conv2d_1a_3x3", 2)
        b1 = self.conv(x, f"{block}/Branch_1/Conv2d_0a_1x1")
        b1 = self.conv(b1, f"{block}/Branch_1/Conv2d_0b_3x3")
        b1 = self.conv(b1, f"{block}/Branch_1/Conv2d_1a_3x3", 2)
        return np.concatenate([b0, b1, _max_pool(x, 2)], 3)

    def __call__(self, images: NDArray[np.float32]) -> dict[str, Array]:
        out: dict[str, Array] = {}
        x = out["Conv2d_1a_7x7"] = self.stem(images.astype(np.float64) * 2 - 1)
        x = out["MaxPool_2a_3x3"] = _max_pool(x, 2)
        x = out["Conv2d_2b_1x1"] = self.conv(x, "Conv2d_2b_1x1")
        x = out["Conv2d_2c_3x3"] = self.conv(x, "Conv2d_2c_3x3")
        x = out["MaxPool_3a_3x3"] = _max_pool(x, 2)
        x = out["Mixed_3b"] = self.inception(x, "Mixed_3b")
        x = out["Mixed_3c"] = self.inception(x, "Mixed_3c")
        x = out["Mixed_4a"] = self.reduction(x, "Mixed_4a")
        x = out["Mixed_4b"] = self.inception(x, "Mixed_4b")
        x = out["Mixed_4c"] = self.inception(x, "Mixed_4c")
        x = out["Mixed_4d"] = self.inception(x, "Mixed_4d")
        x = out["Mixed_4e"] = self.inception(x, "Mixed_4e")
        x = out["Mixed_5a"] = self.reduction(x, "Mixed_5a")
        x = out["Mixed_5b"] = self.inception(x, "Mixed_5b")
        x = out["Mixed_5c"] = self.inception(x, "Mixed_5c", pool="max")
        x = out["global_pool"] = x.mean((1, 2), keepdims=True)
        if "InceptionV2/Logits/Conv2d_1c_1x1/weights" in self.weights:
            kernel = self.weights["InceptionV2/Logits/Conv2d_1c_1x1/weights"][0, 0]
            logits = x[:, 0, 0] @ kernel + self.weights["InceptionV2/Logits/Conv2d_1c_1x1/biases"]
            exponentials = np.exp(logits - logits.max(1, keepdims=True))
            out["Logits"], out["Predictions"] = logits, exponentials / exponentials.sum(1, keepdims=True)
        return {f"InceptionV2/{name}": value for name, value in out.items()}
