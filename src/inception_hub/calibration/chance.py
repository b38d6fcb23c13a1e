"""Two random numbers of a photo, made of its own pixels: the same photo gets the same set everywhere."""

from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

BITS = 53  # as many as a float64 in [0, 1) holds


def chance(image: NDArray[np.uint8] | NDArray[np.float32]) -> tuple[float, float]:
    """Two numbers, uniform in [0, 1), by the pixels of `image`: [height, width, 3], uint8 or float32.

    Floats, in [0, 1], are rounded to levels of uint8 first: engine, precision and batch change nothing.
    """
    levels = image if image.dtype == np.uint8 else np.rint(image * np.float32(255)).clip(0, 255)
    digest = blake2b(levels.astype(np.uint8).tobytes(), digest_size=16).digest()
    first, second = (int.from_bytes(part, "little") >> (64 - BITS) for part in (digest[:8], digest[8:]))
    return first / 2**BITS, second / 2**BITS
