"""Which parts of a photo speak for a class: class activation maps, as small pictures to be laid over it.

The network ends in a spatial mean and a linear layer, so the last map weighted by a class's weights is exact:
its mean and the class's bias make the logit (Zhou et al., 2016).
"""

import base64
import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..architecture import LOGITS_LAYER
from ..module import Module

LAST_MAP = "InceptionV2/Mixed_5c"
OPACITY = 0.75  # of the strongest part
# Ends of a scale that is even to the eye: a straight line in Oklab, dark blue to light yellow.
WEAK, STRONG = (0.30, 0.00, -0.13), (0.95, -0.04, 0.16)
OKLAB_TO_LMS = np.array(
    [[1, 0.3963377774, 0.2158037573], [1, -0.1055613458, -0.0638541728], [1, -0.0894841775, -1.291485548]]
)
LMS_TO_RGB = np.array(
    [
        [4.0767416621, -3.3077115913, 0.2309699292],
        [-1.2684380046, 2.6097574011, -0.3413193965],
        [-0.0041960863, -0.7034186147, 1.707614701],
    ]
)


def evidence(module: Module, last_map: NDArray[np.float32], index: int) -> NDArray[np.float32]:
    """[height, width] from `last_map` [height, width, features]: its mean plus the bias is the logit."""
    kernel = module.spec.bundle.weights[f"{LOGITS_LAYER}/weights"][0, 0, :, index]
    return last_map @ kernel.astype(np.float32)


def heatmap(found: NDArray[np.float32]) -> str:
    """A data URI of `found` [height, width], a pixel a value; what speaks against the class is clear."""
    shares = np.clip(found / max(float(found.max()), 1e-9), 0, 1)
    opacity = np.rint(255 * OPACITY * shares).astype(np.uint8)
    return _png(np.concatenate([colours(shares), opacity[..., None]], -1))


def legend() -> str:
    """The colours from nothing to the strongest part, opaque."""
    return _png(colours(np.linspace(0, 1, 64)[None]))


def colours(shares: NDArray[np.floating]) -> NDArray[np.uint8]:
    """sRGB of values in [0, 1], uint8 [..., 3]; equal steps look equal (Ottosson's Oklab)."""
    oklab = np.array(WEAK) + shares[..., None] * (np.array(STRONG) - np.array(WEAK))
    linear = np.clip((oklab @ OKLAB_TO_LMS.T) ** 3 @ LMS_TO_RGB.T, 0, 1)
    encoded = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return np.rint(255 * encoded).astype(np.uint8)


def _png(pixels: NDArray[np.uint8]) -> str:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"
