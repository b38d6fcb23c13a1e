"""Bilinear, antialiased resizing: by SIMD where cykooz-resizer has a wheel, by Pillow elsewhere.

Both compute the same filter in integers of their own; a sixth of the values differs, by one level of 256.
"""

from typing import Protocol

from PIL import Image

# Pixels between the two passes, of which cykooz-resizer makes the vertical one first: a photo of one row and
# 50 million columns would take 11 GB, and end the process that does not get them.
WIDEST = 1 << 24


class Resize(Protocol):
    """Gives `image`, in mode RGB, `size` (width and height in pixels)."""

    def __call__(self, image: Image.Image, size: tuple[int, int]) -> Image.Image: ...


def by_pillow(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    """By Pillow, everywhere."""
    return image.resize(size, Image.Resampling.BILINEAR)


def _vectorised() -> Resize | None:
    try:
        from cykooz_resizer import FilterType, ResizeAlg, ResizeOptions, Resizer
    except ImportError:
        return None
    options = ResizeOptions(ResizeAlg.convolution(FilterType.bilinear), use_alpha=False)

    def resize(image: Image.Image, size: tuple[int, int]) -> Image.Image:
        if image.size == size:
            return image.copy()
        if image.width * size[1] > WIDEST:
            return by_pillow(image, size)
        resized = Image.new("RGB", size)
        Resizer().resize_pil(image, resized, options)
        return resized

    return resize


by_simd = _vectorised()
"""By the processor's vector instructions, in a third to a fifth of Pillow's time; None without a wheel."""

bilinear: Resize = by_simd or by_pillow
"""The faster of the two that is there."""
