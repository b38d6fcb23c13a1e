"""Kernels in the order of ONNX and PyTorch, OIHW, and back in TensorFlow's, HWIO."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..architecture import LOGITS_LAYER

HEAD = f"{LOGITS_LAYER}/weights"
DEPTHWISE, CHANNELS = "/depthwise_weights", 3  # the stem's, one group for each channel of an image


def to_oihw(name: str, array: NDArray[Any]) -> NDArray[Any]:
    """The variable `name` (TF-Slim's) as it is stored where kernels are OIHW.

    The logits' kernel becomes a matrix [features, classes], the stem's depthwise kernel, [k, k, in,
    multiplier], that of a convolution in `in` groups, [in * multiplier, 1, k, k]. What is no kernel stays as
    it is.
    """
    if name == HEAD:
        array = array[0, 0]
    elif name.endswith(DEPTHWISE):
        array = array.transpose(2, 3, 0, 1).reshape(-1, 1, *array.shape[:2])
    elif array.ndim == 4:
        array = array.transpose(3, 2, 0, 1)
    return np.ascontiguousarray(array)


def from_oihw(name: str, array: NDArray[Any]) -> NDArray[Any]:
    """What `to_oihw` took; an array of another shape than it gives comes back as it is."""
    if name == HEAD and array.ndim == 2:
        array = array[None, None]
    elif name.endswith(DEPTHWISE) and array.ndim == 4 and not len(array) % CHANNELS:
        array = array.reshape(CHANNELS, -1, *array.shape[2:]).transpose(2, 3, 0, 1)
    elif array.ndim == 4:
        array = array.transpose(2, 3, 1, 0)
    return np.ascontiguousarray(array)
