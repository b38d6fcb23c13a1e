"""Pictures of Pillow's modes -> RGB: deep greys scaled, transparency laid over white, colours in sRGB."""

from typing import cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from . import colours
from .photo_file import Unsupported

STRIP = 1 << 20  # pixels laid over white at a time
# In `Image.info`, by our own readers: the largest of 16-bit grey values, whether it is black, and whether the
# three colours are one grey.
LARGEST, INVERTED, GREY = "largest", "inverted", "grey"


def in_rgb(image: Image.Image, *, managed: bool) -> Image.Image:
    """`image`, which may be changed, in RGB; raises `Unsupported` for values of unknown range.

    `managed`: whether an embedded ICC profile counts.
    """
    profile = image.info.get("icc_profile") if managed else None
    if image.mode in ("I", "F"):
        kind = "32-bit" if image.mode == "I" else "floating-point"
        raise Unsupported(f"{kind} values")
    if image.mode.startswith("I;16"):
        image = _shallow(image)
    if image.mode == "La":
        image = image.convert("LA")
    if image.has_transparency_data:
        return _over_white(image, profile)
    if image.mode in ("P", "1"):
        image = image.convert("RGB" if image.mode == "P" else "L")
    return _opaque(image, profile)


def _opaque(image: Image.Image, profile: bytes | None) -> Image.Image:
    image = colours.to_srgb(image, profile)
    return image if image.mode == "RGB" else image.convert("RGB")


def _shallow(image: Image.Image) -> Image.Image:
    """16-bit grey as 8-bit grey by its range, what is transparent as white."""
    largest = image.info.get(LARGEST, 65535)
    values = np.asarray(image).astype(np.int32)
    transparent = image.info.get("transparency")
    clear = values == transparent if isinstance(transparent, int) else None
    shallow = cast(NDArray[np.uint8], ((values * 255 + largest // 2) // largest).astype(np.uint8))
    if image.info.get(INVERTED):
        shallow = 255 - shallow
    if clear is not None:
        shallow[clear] = 255
    return Image.fromarray(shallow)


def _over_white(image: Image.Image, profile: bytes | None) -> Image.Image:
    width, height = image.size
    whole = Image.new("RGB", image.size)
    rows = max(1, STRIP // width)  # the whole at once takes four times its memory
    for top in range(0, height, rows):
        strip = image.crop((0, top, width, min(top + rows, height)))
        clear = strip.convert("RGBA")
        if profile:
            grey = strip.mode in ("1", "L", "LA") or image.info.get(GREY)
            coloured = _opaque(clear.convert("L" if grey else "RGB"), profile)
            coloured.putalpha(clear.getchannel("A"))
            clear = coloured
        strip = Image.alpha_composite(Image.new("RGBA", clear.size, "white"), clear)
        whole.paste(strip.convert("RGB"), (0, top))
    return whole
