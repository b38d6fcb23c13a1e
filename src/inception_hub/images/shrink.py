"""Bilinear, antialiased resizing: by SIMD where cykooz-resizer has a wheel, by Pillow elsewhere.

Both compute the same filter in integers of their own; a sixth of the values differs, by one level of 256.
"""

from typing import Protocol

from PIL import Image

# Pixels between the two passes, of which cykooz-resizer makes the vertical one first: a photo of one row and
# 50 million columns would take 11 GB, and end the process that does not get them.
WIDEST = 1 << 24


Box = tuple[float, float, float, float]


class Resize(Protocol):
    """Gives `image`, in mode RGB, `size` (width and height in pixels).

    `box`: the part that is to fill it, left, top, right and bottom in pixels of `image`. At its edges the
    filter looks beyond it, as if the whole image were resized and then cropped.
    """

    def __call__(self, image: Image.Image, size: tuple[int, int], box: Box | None = None) -> Image.Image: ...


def by_pillow(image: Image.Image, size: tuple[int, int], box: Box | None = None) -> Image.Image:
    """By Pillow, everywhere."""
    return image.resize(size, Image.Resampling.BILINEAR, box)


def _vectorised() -> Resize | None:
    try:
        from cykooz_resizer import CropBox, FilterType, ResizeAlg, ResizeOptions, Resizer
    except ImportError:
        return None
    bilinear = ResizeAlg.convolution(FilterType.bilinear)

    def resize(image: Image.Image, size: tuple[int, int], box: Box | None = None) -> Image.Image:
        left, top, right, bottom = box or (0, 0, *image.size)
        if image.size == size == (right - left, bottom - top):
            return image.copy()
        if image.width * size[1] > WIDEST:
            return by_pillow(image, size, box)
        resized = Image.new("RGB", size)
        options = ResizeOptions(bilinear, False, CropBox(left, top, right - left, bottom - top))
        Resizer().resize_pil(image, resized, options)
        return resized

    return resize


by_simd = _vectorised()
"""By the processor's vector instructions, in a third to a fifth of Pillow's time; None without a wheel."""

bilinear: Resize = by_simd or by_pillow
"""The faster of the two that is there."""
