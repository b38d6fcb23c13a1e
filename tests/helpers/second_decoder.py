"""Another decoder's view of a picture: tifffile, libpng and others by imagecodecs, colours by the book."""

import io

import imagecodecs
import numpy as np
import tifffile

from .profiles import D50, primaries

# Of TIFF's photometric interpretations those of which a sample or a colour is light.
WHITE_IS_ZERO, BLACK_IS_ZERO, RGB, CMYK, YCBCR, LAB = 0, 1, 2, 5, 6, 8
ASSOCIATED, UNASSOCIATED = 1, 2


def png(content: bytes) -> np.ndarray:
    """uint8 or uint16 of one to four samples -> float [height, width, 3] in [0, 255] over white."""
    values = imagecodecs.png_decode(content)
    return _over_white(values / np.iinfo(values.dtype).max)


def jpeg(content: bytes) -> np.ndarray:
    """Inks are stored the wrong way round, as Photoshop does and Pillow too."""
    values = imagecodecs.jpeg8_decode(content) / 255
    return _over_white(values[..., :3] * values[..., 3:] if values.shape[-1] == 4 else values)


def avif(content: bytes) -> np.ndarray:
    """Of 8 to 12 bits, as the file says it."""
    values = imagecodecs.avif_decode(content)
    bits = content[content.index(b"av1C") + 6] >> 5 & 3  # deeper than 8, and even deeper
    return _over_white(values / (2 ** (8 + 2 * bits.bit_count()) - 1))


def webp(content: bytes) -> np.ndarray:
    return _over_white(imagecodecs.webp_decode(content) / 255)


def gif(content: bytes) -> np.ndarray:
    values = imagecodecs.gif_decode(content)
    return _over_white((values if values.ndim == 3 else values[0]) / 255)


def tiff(content: bytes) -> np.ndarray:
    """The same of a TIFF's first page; raises `ValueError` for values that no range is known of."""
    with tifffile.TiffFile(io.BytesIO(content)) as file:
        page = file.pages[0]
        values = page.asarray()
        if page.planarconfig == 2 and values.ndim == 3:
            values = np.moveaxis(values, 0, -1)
        if values.dtype.kind not in "ub":
            raise ValueError(f"{values.dtype} has no range of light")
        values = values if values.ndim == 3 else values[..., None]
        most = 1 if values.dtype.kind == "b" else 2 ** min(page.bitspersample, values.dtype.itemsize * 8) - 1
        # Of YCbCr in JPEG the decoder makes RGB.
        kind = (
            RGB
            if (page.photometric, page.compression, page.planarconfig) == (YCBCR, 7, 1)
            else page.photometric
        )
        return _meaning(values / most, kind, page.extrasamples)


def _meaning(values: np.ndarray, kind: int, extra: tuple[int, ...]) -> np.ndarray:
    samples = values.shape[-1] - len(extra)
    colour, alpha = values[..., :samples], np.ones((*values.shape[:2], 1))
    if extra and extra[0] in (ASSOCIATED, UNASSOCIATED):
        alpha = values[..., samples : samples + 1]
    if extra and extra[0] == ASSOCIATED:
        colour = colour / np.maximum(alpha, 1e-9)
    if kind == WHITE_IS_ZERO:
        colour = 1 - colour
    elif kind == CMYK:
        colour = (1 - colour[..., :3]) * (1 - colour[..., 3:])
    elif kind == YCBCR:
        luma, blue, red = np.moveaxis(colour * 255, -1, 0)
        colour = np.stack(
            [luma + 1.402 * (red - 128), luma - 0.344136 * (blue - 128) - 0.714136 * (red - 128),
             luma + 1.772 * (blue - 128)], -1
        ) / 255  # fmt: skip
    elif kind == LAB:
        colour = _lab(np.round(colour * 255))
    return _over_white(np.concatenate([np.clip(colour, 0, 1), alpha], -1))


def _lab(values: np.ndarray) -> np.ndarray:
    """uint8 L*, and a* and b* as signed bytes -> sRGB in [0, 1]."""
    lightness, a, b = np.moveaxis(values, -1, 0)
    y = (lightness / 2.55 + 16) / 116
    a, b = (np.where(each > 127, each - 256, each) for each in (a, b))
    ratio = np.stack([y + a / 500, y, y - b / 200], -1)
    colour = np.where(ratio > 6 / 29, ratio**3, 3 * (6 / 29) ** 2 * (ratio - 4 / 29)) * D50
    light = np.clip(colour @ np.linalg.inv(primaries("srgb")).T, 0, 1)
    return np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)


def _over_white(values: np.ndarray) -> np.ndarray:
    values = values if values.ndim == 3 else values[..., None]
    samples = values.shape[-1]
    colour, alpha = (values[..., :-1], values[..., -1:]) if samples in (2, 4) else (values, 1.0)
    over = 255 * (colour * alpha + 1 - alpha)
    return np.broadcast_to(over, (*over.shape[:2], 3))
