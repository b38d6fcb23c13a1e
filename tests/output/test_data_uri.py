"""Pictures inside a page."""

import base64
import io

import numpy as np
from PIL import Image

from inception_hub.output.data_uri import jpeg_uri, palette_png_uri, png_uri

PIXELS = np.random.default_rng(0).integers(0, 256, (30, 40, 3)).astype(np.uint8)


def opened(uri: str, kind: str) -> Image.Image:
    head, _, content = uri.partition(",")
    assert head == f"data:image/{kind};base64"
    return Image.open(io.BytesIO(base64.b64decode(content)))


def test_a_thumbnail_is_no_larger_than_asked() -> None:
    assert opened(jpeg_uri(PIXELS, 20, 80), "jpeg").size == (20, 15)
    assert opened(jpeg_uri(PIXELS, 400, 80), "jpeg").size == (40, 30)


def test_pngs_keep_every_pixel() -> None:
    few = PIXELS // 64 * 64  # 64 colours
    assert np.array_equal(np.asarray(opened(png_uri(few), "png").convert("RGB")), few)
    palette = np.random.default_rng(1).integers(0, 256, (81, 4)).astype(np.uint8)
    index = PIXELS[..., 0] % 81
    shown = opened(palette_png_uri(index, palette), "png").convert("RGBA")
    assert np.array_equal(np.asarray(shown), palette[index])
