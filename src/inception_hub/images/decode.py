"""Files, bytes and PIL images -> arrays: decoded upright, in RGB, within limits.

Whatever the bytes, the result is an array or an `ImageError`: never half an image, never a traceback of
another kind, never a decode of more than `MAX_PIXELS` or longer than `cost` allows, never a file that is no
file.
"""

import os
from contextlib import suppress
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.GifImagePlugin import GifImageFile

from ..errors import ImageError, InputError
from . import cost, gif, png
from .modes import in_rgb
from .opening import NOT_READ, READABLE, Source, opened
from .photo_file import MAX_EXIF, MAX_PIXELS, MOST_PIXELS, Refused, Unsupported, check_max_pixels
from .quiet import quiet

JPEGS = ("JPEG", "MPO")
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


def decode(source: Source, *, max_pixels: int = MAX_PIXELS) -> NDArray[np.uint8]:
    """The first frame of `source`, upright, uint8 [height, width, 3] RGB; see `picture`."""
    return np.asarray(picture(source, max_pixels=max_pixels))


def picture(
    source: Source, *, max_pixels: int = MAX_PIXELS, least: int | None = None, managed: bool = True
) -> Image.Image:
    """The first frame of `source`, upright, as an RGB image of Pillow's, which saves copying it.

    EXIF orientation is honoured, transparency laid over white, 16-bit greyscale scaled by its range. Colours
    are converted to sRGB if `managed`; the original's own presets see them as they are.
    A JPEG with at least twice `least` pixels on its shorter side is decoded at a half, quarter or eighth
    of its size, `least` pixels or more: a sixth of the time on photos of three megapixels.
    Raises `ImageError` for what cannot be read or has more than `max_pixels` pixels to decode, `InputError`
    for something that is no image source, `ArgumentError` for a `max_pixels` outside 1 to `MOST_PIXELS`.
    """
    check_max_pixels(max_pixels)
    name = source_name(source)
    try:
        with quiet(), opened(source, name) as (image, file):
            size = _size(image)
            if least is not None and image.format in JPEGS:  # HEIC would give its thumbnail
                image.draft(None, (least, least))
            width, height = _size(image)
            if width * height > max_pixels:
                reducible = not managed and image.format in JPEGS
                raise ImageError(_too_large(name, f"{size[0]} x {size[1]}", max_pixels, reducible))
            if file is not None:
                cost.check(image, file, max_pixels)
            deep = png.has_deep_transparency(image)
            image.load()
            if deep and file is not None:
                png.lay_deep_transparency(image, file)
            transposition = _transposition(image)
            if isinstance(image, GifImageFile):
                image = gif.amend(image)
            image = in_rgb(image, managed=managed)
            return image if transposition is None else image.transpose(transposition)
    except (ImageError, InputError):
        raise
    except Refused as error:
        raise ImageError(f"{name} holds {error}; give an ordinary {READABLE} file.") from error
    except Unsupported as error:
        raise ImageError(
            f"{name} holds {error}, which are not supported; give an 8-bit or 16-bit image."
        ) from error
    except FileNotFoundError as error:
        if "://" in name:
            raise ImageError(f"{name} is an address; download the photo, and give its path.") from error
        raise ImageError(f"{name or repr(name)} does not exist; give a {READABLE} file.") from error
    except PermissionError as error:
        raise ImageError(f"{name} cannot be read ({error.strerror}); check its permissions.") from error
    except IsADirectoryError as error:
        raise ImageError(f"{name} is a folder; give a {READABLE} file.") from error
    except Image.DecompressionBombError as error:
        raise ImageError(_too_large(name, "too many", max_pixels)) from error
    except Exception as error:  # Pillow's decoders raise a dozen kinds on damaged files
        raise ImageError(_unreadable(name, error)) from error


def stored_size(source: Source) -> tuple[int, int]:
    """Width and height of a photo as it is stored, in pixels; nothing is decoded. For what can be read."""
    with quiet(), opened(source, source_name(source)) as (image, _):
        return image.size


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


def _unreadable(name: str, error: Exception) -> str:
    """What to say of a photo at which the system or a decoder raised `error`."""
    if reason := getattr(error, "strerror", None):  # the system's, such as of a link to itself
        return f"{name} cannot be read ({reason}); give a {READABLE} file."
    reason = " ".join(str(error).split()) or type(error).__name__
    if NOT_READ.search(reason):
        return f"{name} is of a kind that is not supported ({reason}); give an ordinary {READABLE} file."
    return f"{name} is damaged ({reason}); give an intact {READABLE} file."


def _too_large(name: str, pixels: str, max_pixels: int, reducible: bool = False) -> str:
    """`reducible`: whether another preset would decode the photo reduced."""
    most = f", {MOST_PIXELS:,} with --max-pixels" if max_pixels < MOST_PIXELS else ""
    more = ", or give --resize default, which reads large JPEGs at a reduced size" if reducible else ""
    return f"{name} has {pixels} pixels; at most {max_pixels:,} are accepted{most}: make it smaller{more}."


def _size(image: Image.Image) -> tuple[int, int]:
    """Width and height of what is decoded: a TIFF's tile may be far larger than its image."""
    width, height = image.size
    if image.format == "TIFF":
        tags = image.tag_v2  # pyright: ignore - only a TIFF has them
        width, height = max(width, tags.get(TILE_WIDTH, 0)), max(height, tags.get(TILE_HEIGHT, 0))
    return width, height


def _transposition(image: Image.Image) -> Image.Transpose | None:
    """What turns a loaded image upright."""
    orientation = None
    if all(len(image.info.get(key) or b"") <= MAX_EXIF for key in EXIF):
        with suppress(Exception):  # a photo with broken EXIF is still a photo
            orientation = image.getexif().get(EXIF_ORIENTATION)
    return TRANSPOSITIONS.get(orientation) if isinstance(orientation, int) else None
