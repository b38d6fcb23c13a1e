"""JPEG, WebP, GIF and AVIF of every kind of colour and sampling that their writers have."""

from collections.abc import Iterator

import imagecodecs
import numpy as np
from PIL import Image

from .image_files import encoded
from .tiff_files import picture

PIXELS = picture("uint8", 3, None)
IMAGE = Image.fromarray(PIXELS)


def jpegs() -> Iterator[tuple[str, bytes]]:
    for mode in ("L", "RGB", "CMYK"):
        for options in (
            {},
            {"progressive": True},
            {"subsampling": 0},
            {"subsampling": 1},
            {"restart_marker_rows": 1},
        ):
            yield f"{mode}, {options}", encoded(IMAGE.convert(mode), "JPEG", quality=90, **options)
    yield "RGB as it is", encoded(IMAGE, "JPEG", quality=90, keep_rgb=True)


def webps() -> Iterator[tuple[str, bytes]]:
    for image in (IMAGE, _transparent()):
        for options in ({}, {"lossless": True}, {"quality": 10}, {"exact": True, "alpha_quality": 30}):
            yield f"{image.mode}, {options}", encoded(image, "WEBP", **options)


def gifs() -> Iterator[tuple[str, bytes]]:
    indexed = IMAGE.convert("P", palette=Image.Palette.ADAPTIVE, colors=200)
    film = {"save_all": True, "append_images": [indexed.rotate(180)]}
    for options in ({}, {"interlace": 0}, {"interlace": 1}, film):
        yield f"P, {options}", encoded(indexed, "GIF", **options)
    yield "L", encoded(IMAGE.convert("L"), "GIF")


def avifs() -> Iterator[tuple[str, bytes]]:
    for sampling in ("4:2:0", "4:2:2", "4:4:4", "4:0:0"):
        for span in ("full", "limited"):
            yield f"{sampling}, {span}", encoded(IMAGE, "AVIF", subsampling=sampling, range=span)
    yield "RGBA", encoded(_transparent(), "AVIF")
    yield "L", encoded(IMAGE.convert("L"), "AVIF")
    for bits in (8, 10, 12):
        values = PIXELS.astype(np.uint32) * (2**bits - 1) // 255
        deep = values.astype(np.uint8 if bits == 8 else np.uint16)
        yield f"{bits} bits", imagecodecs.avif_encode(deep, level=90, bitspersample=bits)


def _transparent() -> Image.Image:
    image = IMAGE.copy()
    image.putalpha(Image.fromarray(PIXELS[..., 1]))
    return image
