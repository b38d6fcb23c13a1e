"""Files, bytes and PIL images -> arrays: decoded upright, in RGB, within limits.

Whatever the bytes, the result is an array or an `ImageError`: never half an image, never a traceback of
another kind, never a decode of more than `MAX_PIXELS` or longer than `cost` allows, never a file that is no
file.
"""

import io
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..errors import ArgumentError, ImageError, InputError
from . import cost
from .photo_file import MAX_BYTES, MAX_EXIF, MAX_PIXELS, MOST_PIXELS, PhotoFile, Refused
from .quiet import quiet

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF")  # few decoders: less for hostile files to attack
READABLE = "JPEG, PNG, WebP, GIF, BMP or TIFF"
STRIP = 1 << 20  # pixels laid over white at a time
EXIF_ORIENTATION = 0x0112
EXIF = ("exif", "Raw profile type exif")  # where Pillow keeps it
TILE_WIDTH, TILE_HEIGHT = 322, 323  # of TIFF
TRANSPOSITIONS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

Source = str | os.PathLike[str] | bytes | BinaryIO | Image.Image


def decode(source: Source, *, max_pixels: int = MAX_PIXELS) -> NDArray[np.uint8]:
    """The first frame of `source`, upright, uint8 [height, width, 3] RGB; see `picture`."""
    return np.asarray(picture(source, max_pixels=max_pixels))


def picture(source: Source, *, max_pixels: int = MAX_PIXELS, least: int | None = None) -> Image.Image:
    """The first frame of `source`, upright, as an RGB image of Pillow's, which saves copying it.

    EXIF orientation is honoured, transparency laid over white, 16-bit greyscale scaled by its range.
    A JPEG with at least twice `least` pixels on its shorter side is decoded at a half, quarter or eighth
    of its size, `least` pixels or more: a sixth of the time on photos of three megapixels.
    Raises `ImageError` for what cannot be read or has more than `max_pixels` pixels, `InputError` for
    something that is no image source, `ArgumentError` for a `max_pixels` outside 1 to `MOST_PIXELS`.
    """
    if not 1 <= max_pixels <= MOST_PIXELS:
        raise ArgumentError(f"max_pixels is {max_pixels}; give a number from 1 to {MOST_PIXELS:,}.")
    name = source_name(source)
    try:
        with quiet(), _opened(source, name) as (image, file):
            width, height = _decoded_size(image)
            if width * height > max_pixels:
                raise ImageError(
                    f"{name} has {width} x {height} pixels; at most {max_pixels:,} are accepted: "
                    "make it smaller."
                )
            if file is not None:
                cost.check(image, file)
            if least is not None:
                image.draft(None, (least, least))  # of JPEG only; does nothing to other formats
            return _in_rgb(_upright(image), name)
    except (ImageError, InputError):
        raise
    except Refused as error:
        raise ImageError(f"{name} holds {error}; give an ordinary {READABLE} file.") from error
    except FileNotFoundError as error:
        if "://" in name:
            raise ImageError(f"{name} is an address; download the photo, and give its path.") from error
        raise ImageError(f"{name} does not exist; give a {READABLE} file.") from error
    except IsADirectoryError as error:
        raise ImageError(f"{name} is a folder; give a {READABLE} file.") from error
    except Image.DecompressionBombError as error:
        message = f"{name} has too many pixels; at most {max_pixels:,} are accepted: make it smaller."
        raise ImageError(message) from error
    except Image.UnidentifiedImageError as error:
        raise ImageError(f"{name} is no readable image; give a {READABLE} file.") from error
    except Exception as error:  # Pillow's decoders raise a dozen kinds on damaged files
        reason = " ".join(str(error).split()) or type(error).__name__
        raise ImageError(f"{name} is damaged ({reason}); give an intact {READABLE} file.") from error


def at_least(side: int, image: Image.Image, source: Any, max_pixels: int) -> Image.Image:
    """A copy of `image`, which may have been decoded reduced; decoded once more where it is below `side`.

    `side`: pixels of the longest side. For pictures beside what the network sees, which stays as it was. An
    open file has been read, and its picture is not decoded again.
    """
    if max(image.size) >= side or hasattr(source, "read"):
        return image.copy()
    return picture(source, max_pixels=max_pixels, least=side)


def source_name(source: Any) -> str:
    """What messages call `source`: its path or file name where it has one."""
    if isinstance(source, (str, os.PathLike)):
        return os.fsdecode(source)
    return str(getattr(source, "filename", None) or getattr(source, "name", None) or "The image")


@contextmanager
def _opened(source: Source, name: str) -> Iterator[tuple[Image.Image, PhotoFile | None]]:
    """The image and its file, which a picture of Pillow's no longer has."""
    if isinstance(source, Image.Image):
        yield source.copy(), None  # the caller's stays open
        return
    if isinstance(source, bytes):
        raw = io.BytesIO(source)
    elif isinstance(source, (str, os.PathLike)):
        status = os.stat(source)
        if not (stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode)):
            raise ImageError(f"{name} is a pipe or a device; give a {READABLE} file.")
        if stat.S_ISREG(status.st_mode) and not status.st_size:
            raise ImageError(f"{name} is empty; give a {READABLE} file.")
        raw = io.FileIO(os.fspath(source))
    elif hasattr(source, "read"):
        raw = io.BytesIO(source.read(MAX_BYTES + 1))
    else:
        raise InputError(
            f"images holds a {type(source).__name__}; give paths, bytes, open files or PIL images, "
            "and arrays to the module itself."
        )
    with raw:
        file = PhotoFile(raw)
        with Image.open(file, formats=FORMATS) as image:
            yield image, file


def _decoded_size(image: Image.Image) -> tuple[int, int]:
    """Width and height of what is decoded: a TIFF's tile may be far larger than its image."""
    width, height = image.size
    if image.format == "TIFF":
        tags = image.tag_v2  # pyright: ignore - only a TIFF has them
        width, height = max(width, tags.get(TILE_WIDTH, 0)), max(height, tags.get(TILE_HEIGHT, 0))
    return width, height


def _upright(image: Image.Image) -> Image.Image:
    image.load()
    orientation = None
    if all(len(image.info.get(key, b"")) <= MAX_EXIF for key in EXIF):
        with suppress(Exception):  # a photo with broken EXIF is still a photo
            orientation = image.getexif().get(EXIF_ORIENTATION)
    transposition = TRANSPOSITIONS.get(orientation) if isinstance(orientation, int) else None
    return image if transposition is None else image.transpose(transposition)


def _in_rgb(image: Image.Image, name: str) -> Image.Image:
    if image.mode.startswith("I"):
        values = np.asarray(image).astype(np.int32)
        if values.min() < 0 or values.max() > 65535:
            raise ImageError(f"{name} holds 32-bit values; give an 8-bit or 16-bit image.")
        image = Image.fromarray(((values + 128) // 257).astype(np.uint8))  # 255 / 65535, rounded
    if image.mode == "F":
        raise ImageError(f"{name} holds floating-point values; give an 8-bit or 16-bit image.")
    if image.has_transparency_data:
        image = _over_white(image)
    return image if image.mode == "RGB" else image.convert("RGB")


def _over_white(image: Image.Image) -> Image.Image:
    width, height = image.size
    whole = Image.new("RGB", image.size)
    rows = max(1, STRIP // width)  # the whole at once takes four times its memory
    for top in range(0, height, rows):
        strip = image.crop((0, top, width, min(top + rows, height))).convert("RGBA")
        strip = Image.alpha_composite(Image.new("RGBA", strip.size, "white"), strip)
        whole.paste(strip.convert("RGB"), (0, top))
    return whole
