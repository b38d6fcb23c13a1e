"""Refuses a photo that may take too long to decode, by its header and before a pixel of it is decoded.

A bound for each format: so much for a byte of the file, a pixel and a byte of it, at what the slowest files
take that benchmarks/reliability/images.py and jpegs.py make. SECURITY.md says on which machine. Most decoders
cannot be interrupted once they have begun.
"""

from PIL import Image
from PIL.TiffImagePlugin import TiffImageFile

from . import jpeg, tiff
from .photo_file import MAX_SECONDS, PhotoFile, Refused

# Nanoseconds of a core, turning upright, laying over white and resizing included.
GIF_PIXEL, BMP_PIXEL, BMP_RUN_PIXEL = 17, 10, 120  # Pillow decodes a BMP's runs in Python
PNG_PIXEL, PNG_VALUE = 20, 12  # a value: a byte of a pixel
WEBP_PIXEL, WEBP_LOSSY, WEBP_LOSSLESS = 25, 60, 10  # the latter two: a byte of the file
BANDS = {"RGB": 3, "RGBA": 4, "LA": 2}


def check(image: Image.Image, file: PhotoFile) -> None:
    """Raises `Refused` if decoding `image`, just opened from `file`, may take more than `MAX_SECONDS`."""
    most = MAX_SECONDS * 1e9
    needed = _nanoseconds(image, file, most)
    if needed > most:
        raise Refused(
            f"work for up to {needed / 1e9:,.0f} seconds of a processor core, and at most {MAX_SECONDS} are "
            "accepted"
        )


def _nanoseconds(image: Image.Image, file: PhotoFile, most: float) -> float:
    pixels = image.width * image.height
    if isinstance(image, TiffImageFile):
        return tiff.nanoseconds(image, file, most)
    match image.format:
        case "JPEG" | "MPO":  # of which the first picture alone is decoded
            needed = jpeg.BYTE * file.size
            return needed if needed > most else jpeg.nanoseconds(file.whole())
        case "PNG":
            return pixels * (PNG_PIXEL + PNG_VALUE * _png_bytes(image))
        case "WEBP":
            lossless = file.whole(16)[12:] == b"VP8L"
            return WEBP_PIXEL * pixels + (WEBP_LOSSLESS if lossless else WEBP_LOSSY) * file.size
        case "GIF":
            return GIF_PIXEL * pixels
        case _:
            runs = any(tile[0] == "bmp_rle" for tile in image.tile)  # pyright: ignore - every file has it
            return pixels * (BMP_RUN_PIXEL if runs else BMP_PIXEL)


def _png_bytes(image: Image.Image) -> int:
    """Bytes of a pixel before the decoder, at least one."""
    (raw,) = {str(tile[3]) for tile in image.tile} or {"RGBA;16B"}  # pyright: ignore - every file has it
    mode, _, bits = raw.partition(";")
    return BANDS.get(mode, 1) * (2 if bits.startswith("16") else 1)
