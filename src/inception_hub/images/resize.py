"""uint8 photos -> float32 images of a given size, three ways.

`default`: the central 0.875 of each side, antialiased bilinear. `slim`: the same part as TF-Slim evaluated
it, and `plain`: the whole photo, both in the arithmetic of TF1's `resize_bilinear(align_corners=False)`,
which samples at `target * scale` without half-pixel centres and without antialiasing.
"""

import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..errors import ArgumentError
from .presets import CENTRAL_FRACTION, PRESETS, Preset
from .shrink import bilinear

REDUCED = 1.0  # times the pixels that are needed; what 1.5 and 2 change: docs/log.md

Pixels = NDArray[np.uint8]
Images = NDArray[np.float32]


def resize(image: Pixels | Image.Image, size: tuple[int, int], preset: Preset = "default") -> Images:
    """uint8 [height, width, 3], or Pillow's RGB image, -> float32 [*size, 3] in [0, 1].

    The aspect ratio is not kept, as in Slim. Raises `ArgumentError` for an unknown preset.
    """
    return in_unit_range(resize_compactly(image, size, preset))


def resize_compactly(image: Pixels | Image.Image, size: tuple[int, int], preset: Preset) -> Pixels | Images:
    """As `resize`, but uint8 [*size, 3] where the preset gives whole levels: a quarter of the memory."""
    if preset == "default":
        whole = image if isinstance(image, Image.Image) else Image.fromarray(image)
        columns, rows = (central(length) for length in whole.size)
        part = whole.crop((columns.start, rows.start, columns.stop, rows.stop))
        return np.asarray(bilinear(part, (size[1], size[0])))
    pixels = np.asarray(image)
    if preset == "plain":
        return _tf1_bilinear(pixels, size)
    if preset == "slim":
        rows, columns = (central(length) for length in pixels.shape[:2])
        return _tf1_bilinear(pixels[rows, columns], size)
    raise ArgumentError(f"resize is {preset!r}; give one of {', '.join(PRESETS)}.")


def in_unit_range(images: NDArray[np.uint8 | np.float32]) -> Images:
    """uint8 levels -> float32 in [0, 1]; what is float32 already stays as it is."""
    if images.dtype == np.uint8:
        return np.divide(images, np.float32(255), dtype=np.float32)
    return np.asarray(images, np.float32)


def least_pixels(size: tuple[int, int], preset: Preset) -> int | None:
    """Pixels a side that a photo reduced before `resize` must still have; None: it must be whole.

    TF1's arithmetic picks single pixels, which a reduced photo no longer has.
    """
    return None if is_exact(preset) else math.ceil(REDUCED * max(size) / CENTRAL_FRACTION)


def is_exact(preset: Preset) -> bool:
    """Whether `preset` is TF1's arithmetic, which saw photos whole and colours without their profiles."""
    return preset in ("slim", "plain")


def central(length: int) -> slice:
    """The central 0.875 of a side of `length` pixels, rounded as `tf.image.central_crop` does."""
    start = int((length - length * CENTRAL_FRACTION) / 2)
    return slice(start, length - start)


def _tf1_bilinear(image: Pixels, size: tuple[int, int]) -> Images:
    top, bottom, down = _sources(image.shape[0], size[0])
    left, right, across = _sources(image.shape[1], size[1])
    down, across = down[:, None, None], across[:, None]
    rows = [
        _scaled(image[row][:, left]) + (_scaled(image[row][:, right]) - _scaled(image[row][:, left])) * across
        for row in (top, bottom)
    ]
    return np.asarray(rows[0] + (rows[1] - rows[0]) * down, np.float32)


def _scaled(pixels: Pixels) -> Images:
    """As tf.image.convert_image_dtype does it; of the chosen pixels only, for a photo may hold very many."""
    return pixels.astype(np.float32) * np.float32(1 / 255)


def _sources(length: int, target: int) -> tuple[NDArray[np.intp], NDArray[np.intp], Images]:
    """For each target pixel the two source pixels it lies between, and how far along, in float32 as TF1."""
    scale = np.float32(length) / np.float32(target)
    position = np.arange(target, dtype=np.float32) * scale
    first = np.floor(position).astype(np.intp)
    return np.minimum(first, length - 1), np.minimum(first + 1, length - 1), position - np.floor(position)
