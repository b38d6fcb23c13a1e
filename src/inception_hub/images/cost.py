"""Refuses a photo that may take too long to decode, by its header and before a pixel of it is decoded.

A bound for each format: so much for a byte of the file, a pixel and a byte of it, at what the slowest files
take that benchmarks/reliability/images.py and jpegs.py make. SECURITY.md says on which machine. Most decoders
cannot be interrupted once they have begun.
"""

from PIL import Image
from PIL.TiffImagePlugin import TiffImageFile

from . import avif, colours, heic, jpeg, png, tiff
from .photo_file import MAX_SECONDS, PhotoFile, Refused

# Nanoseconds of a core, turning upright, laying over white and resizing included.
GIF_PIXEL, BMP_PIXEL, BMP_RUN_PIXEL = 17, 10, 120  # Pillow decodes a BMP's runs in Python
PNG_PIXEL, PNG_VALUE = 20, 12  # a value: a byte of a pixel
WEBP_PIXEL, WEBP_LOSSY, WEBP_LOSSLESS = 25, 60, 10  # the latter two: a byte of the file
# To read an ICC profile and, by the colour space it is for, to convert a pixel.
PROFILE, PROFILE_PIXELS = 100_000_000, {"RGB": 20, "L": 20, "CMYK": 50}
HELD = 8  # bytes of a JPEG's coefficients that are accepted for each pixel of `max_pixels`
BANDS = {"RGB": 3, "RGBA": 4, "LA": 2}


def check(image: Image.Image, file: PhotoFile, max_pixels: int) -> None:
    """Raises `Refused` if decoding `image`, opened from `file`, may take more than `MAX_SECONDS`.

    Also for a JPEG to be reduced that takes more memory than `max_pixels` pixels are worth.
    """
    most = MAX_SECONDS * 1e9
    needed = _nanoseconds(image, file, most, max_pixels)
    profile = image.info.get("icc_profile")
    if profile:
        needed += PROFILE + PROFILE_PIXELS.get(colours.space(profile) or "", 0) * image.width * image.height
    if needed > most:
        raise Refused(
            f"work for up to {needed / 1e9:,.0f} seconds of a processor core, and at most {MAX_SECONDS} are "
            "accepted"
        )


def _nanoseconds(image: Image.Image, file: PhotoFile, most: float, max_pixels: int) -> float:
    pixels = image.width * image.height
    if isinstance(image, TiffImageFile):
        return tiff.nanoseconds(image, file, most)
    match image.format:
        case "JPEG" | "MPO":  # of which the first picture alone is decoded
            needed = jpeg.BYTE * file.size
            return needed if needed > most else _jpeg(image, file, max_pixels)
        case "PNG":
            decoded = 2 if png.has_deep_transparency(image) else 1
            return decoded * pixels * (PNG_PIXEL + PNG_VALUE * _png_bytes(image))
        case "WEBP":
            lossless = file.whole(16)[12:] == b"VP8L"
            return WEBP_PIXEL * pixels + (WEBP_LOSSLESS if lossless else WEBP_LOSSY) * file.size
        case "AVIF":
            return _coded(*avif.work(file.whole()), max_pixels)
        case "HEIF":
            return _coded(*heic.work(file.whole()), max_pixels)
        case "GIF":
            return GIF_PIXEL * pixels
        case _:
            runs = any(tile[0] == "bmp_rle" for tile in image.tile)  # pyright: ignore - every file has it
            return pixels * (BMP_RUN_PIXEL if runs else BMP_PIXEL)


def _jpeg(image: Image.Image, file: PhotoFile, max_pixels: int) -> float:
    scale, *_ = image.decoderconfig or (1,)  # pyright: ignore - every file has it
    needed = jpeg.work(file.whole(), scale)
    if scale > 1 and needed.held > HELD * max_pixels:
        raise Refused(
            f"a JPEG of several scans that takes {needed.held:,} bytes of memory, and at most "
            f"{HELD * max_pixels:,} are accepted"
        )
    return needed.nanoseconds


def _coded(nanoseconds: float, pixels: int, max_pixels: int) -> float:
    """`pixels`: of the largest frame, which may be larger than the picture."""
    if pixels > max_pixels:
        raise Refused(f"frames of {pixels:,} pixels, and at most {max_pixels:,} are accepted")
    return nanoseconds


def _png_bytes(image: Image.Image) -> int:
    """Bytes of a pixel before the decoder, at least one."""
    (raw,) = {str(tile[3]) for tile in image.tile} or {"RGBA;16B"}  # pyright: ignore - every file has it
    mode, _, bits = raw.partition(";")
    return BANDS.get(mode, 1) * (2 if bits.startswith("16") else 1)
