"""uint8 photos -> float32 images of a given size, by one of five presets.

`default`: the central 0.875 of each side, squashed, antialiased bilinear. `slim`: the same part as TF-Slim
evaluated it, and `plain`: the whole photo, both in the arithmetic of TF1's
`resize_bilinear(align_corners=False)`, which samples at `target * scale` without half-pixel centres and
without antialiasing. `crop` and `pad` keep the proportions, by the filter of `default`: see `fitted`.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..errors import ArgumentError
from .presets import CENTRAL_FRACTION, DEFINITIONS, PRESETS, Fit, Preset
from .shrink import bilinear

REDUCED = 1.0  # times the pixels that are needed; what 1.5 and 2 change: docs/log.md
GREY = (128, 128, 128)  # beside padded photos: the middle of the network's range, but for half a level

Pixels = NDArray[np.uint8]
Images = NDArray[np.float32]


def resize(image: Pixels | Image.Image, size: tuple[int, int], preset: Preset = "default") -> Images:
    """uint8 [height, width, 3], or Pillow's RGB image, -> float32 [*size, 3] in [0, 1].

    Raises `ArgumentError` for an unknown preset.
    """
    return in_unit_range(resize_compactly(image, size, preset))


def resize_compactly(image: Pixels | Image.Image, size: tuple[int, int], preset: Preset) -> Pixels | Images:
    """As `resize`, but uint8 [*size, 3] where the preset gives whole levels: a quarter of the memory."""
    if preset not in PRESETS:
        raise ArgumentError(f"resize is {preset!r}; give one of {', '.join(PRESETS)}.")
    how = DEFINITIONS[preset]
    if how.exact:
        pixels = np.asarray(image)
        rows, columns = (central(length, how.fraction) for length in pixels.shape[:2])
        return _tf1_bilinear(pixels[rows, columns], size)
    whole = image if isinstance(image, Image.Image) else Image.fromarray(image)
    return np.asarray(fitted(whole, size, how.fit, how.fraction))


def fitted(photo: Image.Image, size: tuple[int, int], fit: Fit, fraction: float = 1.0) -> Image.Image:
    """`photo` as an image of `size` (height, width), antialiased bilinear; both RGB.

    `squash`: the central `fraction` of each side, its proportions not kept. `crop`: the centre of the photo
    at the smallest scale at which no side is below the image's / `fraction`. `pad`: the whole photo at the
    largest scale at which it fits, centred, with `GREY` beside it.
    """
    if fit == "crop":
        return _cropped(photo, size, fraction)
    if fit == "pad":
        return _padded(photo, size)
    if fraction == 1:
        return bilinear(photo, (size[1], size[0]))
    columns, rows = (central(length, fraction) for length in photo.size)
    part = photo.crop((columns.start, rows.start, columns.stop, rows.stop))
    return bilinear(part, (size[1], size[0]))


def _cropped(photo: Image.Image, size: tuple[int, int], fraction: float) -> Image.Image:
    """As if the whole photo were scaled to whole pixels and then cropped, but only the crop is computed."""
    width, height = photo.size
    high, wide = (math.floor(side / fraction) for side in size)
    if high * width >= wide * height:
        wide = high * width // height
    else:
        high = wide * height // width
    across, down = _span(width, wide, size[1]), _span(height, high, size[0])
    # Cut out first: resizers keep a box in float32, which is exact for small numbers only.
    part = photo.crop((across.first, down.first, across.end, down.end))
    box = (across.start, down.start, across.stop, down.stop)
    return bilinear(part, (size[1], size[0]), box)


class _Span(NamedTuple):
    """Of a side of a photo, the pixels from `first` to `end`, and in these what a crop shows."""

    first: int
    end: int
    start: float
    stop: float


def _span(length: int, scaled: int, target: int) -> _Span:
    """What the central `target` pixels of a side show that is scaled from `length` to `scaled` pixels."""
    scale, skipped = length / scaled, round((scaled - target) / 2)
    start, stop = skipped * scale, min((skipped + target) * scale, length)
    reach = math.ceil(max(scale, 1)) + 1  # of the filter, beyond what is shown
    first = max(0, math.floor(start) - reach)
    return _Span(first, min(length, math.ceil(stop) + reach), start - first, stop - first)


def _padded(photo: Image.Image, size: tuple[int, int]) -> Image.Image:
    width, height = photo.size
    high, wide = size
    if wide * height <= high * width:
        high = max(1, round(wide * height / width))
    else:
        wide = max(1, round(high * width / height))
    image = Image.new("RGB", (size[1], size[0]), GREY)
    image.paste(bilinear(photo, (wide, high)), ((size[1] - wide) // 2, (size[0] - high) // 2))
    return image


def in_unit_range(images: NDArray[np.uint8 | np.float32]) -> Images:
    """uint8 levels -> float32 in [0, 1]; what is float32 already stays as it is."""
    if images.dtype == np.uint8:
        return np.divide(images, np.float32(255), dtype=np.float32)
    return np.asarray(images, np.float32)


def least_pixels(size: tuple[int, int], preset: Preset) -> int | None:
    """Pixels a side that a photo reduced before `resize` must still have; None: it must be whole.

    TF1's arithmetic picks single pixels, which a reduced photo no longer has.
    """
    how = DEFINITIONS[preset]
    return None if how.exact else math.ceil(REDUCED * max(size) / how.fraction)


def is_exact(preset: Preset) -> bool:
    """Whether `preset` is TF1's arithmetic, which saw photos whole and colours without their profiles."""
    return DEFINITIONS[preset].exact


def central(length: int, fraction: float = CENTRAL_FRACTION) -> slice:
    """The central `fraction` of a side of `length` pixels, rounded as `tf.image.central_crop` does."""
    start = int((length - length * fraction) / 2)
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
