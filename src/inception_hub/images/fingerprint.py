"""A photo's fingerprint: the whole of it as a small grey picture, by which copies of a photo are known."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

SIDE = 64  # pixels; with 32, parts of a photo have too few to be told from those of another


def fingerprint(image: Image.Image | NDArray[np.uint8]) -> NDArray[np.uint8]:
    """uint8 [SIDE, SIDE]: `image`, Pillow's RGB image or uint8 [height, width, 3], squashed and in grey.

    Antialiased, so that the same photo at another size has nearly the same; a photo that was decoded reduced,
    to `SIDE` pixels or more, as well.
    """
    whole = image if isinstance(image, Image.Image) else Image.fromarray(image)
    small = whole.resize((SIDE, SIDE), Image.Resampling.BILINEAR, reducing_gap=3.0)
    return np.asarray(small.convert("L"))
