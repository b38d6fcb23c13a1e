"""How many images a module may compute at once, by the memory that one of its default size takes.

A few digits in `module.json` would otherwise decide how much memory a photo takes.
"""

import math
import os

from ..architecture import Architecture
from ..errors import ArgumentError
from .contents import Bundle

VARIABLE = "INCEPTION_HUB_IMAGE_GB"
DEFAULT_GB = 2.0


def images_at_once(bundle: Bundle) -> int:
    """How many images are computed at once, 1 or more.

    Raises `ArgumentError` where a single image takes more than is allowed: the gigabytes that
    `INCEPTION_HUB_IMAGE_GB` gives, 2 by default.
    """
    height, width = bundle.image_size
    needed = image_bytes(bundle.architecture, height, width)
    allowed = _allowed()
    if needed > allowed * 1e9:
        raise ArgumentError(
            f"{bundle.name} takes about {needed / 1e9:.1f} GB for one image of {height} x {width} pixels, "
            f"and {allowed:g} GB are allowed; set {VARIABLE}={math.ceil(needed / 1e9)} if you mean it."
        )
    return max(1, int(allowed * 1e9 / needed))


def image_bytes(architecture: Architecture, height: int, width: int) -> int:
    """About what computing one image of `height` x `width` pixels takes, in bytes, beside the weights.

    The image twice and three and a half times the largest output of a layer, in float32: both engines stay
    below, OpenVINO by a tenth (at 2048 x 2048 pixels).
    """
    image, largest = 3 * height * width, 0
    for block in architecture.blocks:
        for branch in block.branches:
            h, w = height, width
            for layer in branch:
                h, w = (math.ceil(size / layer.stride) for size in (h, w))
                largest = max(largest, h * w * layer.out_channels)
        height, width = (math.ceil(size / block.stride) for size in (height, width))
    return 4 * (2 * image + 7 * largest // 2)


def _allowed() -> float:
    given = os.environ.get(VARIABLE) or str(DEFAULT_GB)
    try:
        allowed = float(given)
    except ValueError:
        allowed = math.nan
    if not 0 < allowed < math.inf:
        raise ArgumentError(f"{VARIABLE} is {given[:40]!r}; give gigabytes for one image, such as 2.")
    return allowed
