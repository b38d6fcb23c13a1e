"""Figures of a photo's quality: its size, brightness, sharpness and colour.

All but the size are of the photo squashed to one small size, so that photos of any size compare.
"""

from typing import NamedTuple

import numpy as np
from PIL import Image

from .shrink import bilinear

SIDE = 128  # px, square
BRIGHT = 0.95  # of the pixels: what they are not brighter than is how bright a photo is; a night has lights


class Quality(NamedTuple):
    """`shorter`, `longer`: the sides of the stored photo, px.

    `brightness`: in [0, 1], what 95% of the photo is not brighter than, by the strongest of red, green and
    blue. `sharpness`: variance of the Laplacian of grey levels in [0, 255]; NaN for a photo that was enlarged
    to `SIDE`. `colour`: the mean difference of the strongest and the weakest of these, in [0, 1].
    """

    shorter: float
    longer: float
    brightness: float
    sharpness: float
    colour: float


def quality(image: Image.Image, size: tuple[int, int]) -> Quality:
    """The figures of an RGB `image`, perhaps decoded reduced to `SIDE` or more; `size`: of the stored one."""
    small = bilinear(image, (SIDE, SIDE))
    red, green, blue = (np.asarray(channel) for channel in small.split())
    strongest = np.maximum(np.maximum(red, green), blue)
    weakest = np.minimum(np.minimum(red, green), blue)
    levels = np.cumsum(np.bincount(strongest.ravel(), minlength=256))
    grey = np.asarray(small.convert("L"), np.int16)
    edges = grey[:-2, 1:-1] + grey[2:, 1:-1] + grey[1:-1, :-2] + grey[1:-1, 2:] - 4 * grey[1:-1, 1:-1]
    return Quality(
        shorter=min(size),
        longer=max(size),
        brightness=int(np.searchsorted(levels, BRIGHT * strongest.size)) / 255,
        sharpness=float(edges.astype(np.float32).var()) if min(size) >= SIDE else float("nan"),
        colour=float((strongest - weakest).mean()) / 255,
    )
