"""Opens photos by the decoders of few formats, told by their first bytes: no pixel is decoded yet.

Not by `Image.open`, which refuses a photo by the size that its header names, though it may be decoded
reduced, and does not say why it cannot read one.
"""

import io
import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

from PIL import (
    AvifImagePlugin,
    BmpImagePlugin,
    GifImagePlugin,
    Image,
    JpegImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)

from ..errors import ImageError, InputError
from ..system.extras import install_command
from ..system.regular import POINTER
from . import bmp, boxes, cicp, heic, png, tiff
from .photo_file import MAX_BYTES, PhotoFile, Refused

READABLE = "JPEG, PNG, WebP, AVIF, GIF, BMP or TIFF"
HEAD = 64  # bytes that tell a format
# Few decoders: less for hostile files to attack. By format, how a file of it begins, and what opens it.
FORMATS = {
    "JPEG": (re.compile(rb"\xff\xd8\xff"), JpegImagePlugin.jpeg_factory),
    "PNG": (re.compile(re.escape(png.SIGNATURE)), PngImagePlugin.PngImageFile),
    "WebP": (re.compile(rb"RIFF....WEBP", re.DOTALL), WebPImagePlugin.WebPImageFile),
    "AVIF": (re.compile(rb"....ftyp(avi[fs]|m[is]f1.*avi[fs])", re.DOTALL), AvifImagePlugin.AvifImageFile),
    "GIF": (re.compile(rb"GIF8[79]a"), GifImagePlugin.GifImageFile),
    "BMP": (re.compile(rb"BM"), BmpImagePlugin.BmpImageFile),
    "TIFF": (re.compile(rb"II\*\0|MM\0\*|II\+\0|MM\0\+"), tiff.open_tiff),
}
# What Pillow says of a file that may be intact, but is of a kind that it does not read.
NOT_READ = re.compile(
    r"unsupported|not (yet )?supported|cannot handle|unknown (pixel mode|data organization|raw mode)"
    "|string index|support not installed",  # of a TIFF's planes; of AVIF
    re.IGNORECASE,
)

Source = str | os.PathLike[str] | bytes | BinaryIO | Image.Image


@contextmanager
def opened(source: Source, name: str) -> Iterator[tuple[Image.Image, PhotoFile | None]]:
    """The image and its file, which a picture of Pillow's no longer has.

    Raises `ImageError` and `InputError` for what is no photo, `Unsupported` for a kind that is not read, and
    what Pillow raises.
    """
    if isinstance(source, Image.Image):
        yield source.copy(), None  # the caller's stays open
        return
    with _raw(source, name) as raw:
        head = raw.read(HEAD)
        part = png.PngPicture(raw) if head.startswith(png.SIGNATURE) else raw
        with PhotoFile(part) as file, _image(head, file, name) as image:
            if isinstance(part, png.PngPicture):
                png.amend(image, part.profile)
            elif isinstance(image, TiffImagePlugin.TiffImageFile):
                tiff.amend(image)
            elif isinstance(image, BmpImagePlugin.BmpImageFile):
                bmp.amend(image, file.whole(bmp.HEADER))
            elif image.format in ("AVIF", "HEIF") and not image.info.get("icc_profile"):
                named = boxes.colours(file.whole())
                image.info["icc_profile"] = named and cicp.film_profile(*named)
            yield image, file


def _image(head: bytes, file: PhotoFile, name: str) -> Image.Image:
    for begin, factory in FORMATS.values():
        if begin.match(head):
            return factory(file, "")
    if head.startswith(POINTER):
        raise ImageError(f"{name} is a pointer of Git LFS, not the photo itself; fetch that (git lfs pull).")
    if not heic.is_heic(head):
        raise ImageError(f"{name} is no readable image; give a {READABLE} file.")
    try:
        return heic.open_heic(file)
    except ImportError as error:
        raise ImageError(
            f"{name} is a HEIC, which needs pillow-heif: {install_command('heic')}; or give a {READABLE}."
        ) from error


@contextmanager
def _raw(source: Source, name: str) -> Iterator[io.FileIO | io.BytesIO]:
    if isinstance(source, bytes):
        if not source:
            raise ImageError(f"{name} is empty; give a {READABLE} file.")
        raw = io.BytesIO(source)
    elif isinstance(source, (str, os.PathLike)):
        status = os.stat(source)
        if not (stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode)):
            raise ImageError(f"{name} is a pipe or a device; give a {READABLE} file.")
        if stat.S_ISREG(status.st_mode) and not status.st_size:
            raise ImageError(f"{name} is empty; give a {READABLE} file.")
        raw = io.FileIO(os.fspath(source))
    elif hasattr(source, "read"):
        if getattr(source, "closed", False):
            raise ImageError(f"{name} is a closed file; give it while it is open, or its path.")
        content = source.read(MAX_BYTES + 1)  # type: ignore[union-attr] - it can read
        if not isinstance(content, bytes):
            raise ImageError(
                f'{name} is a file opened as text; open it by open(path, "rb"), or give its path.'
            )
        raw = io.BytesIO(content)
    else:
        raise InputError(
            f"images holds a {type(source).__name__}; give paths, bytes, open files, PIL images or uint8 "
            "arrays, and images in [0, 1] to the module itself."
        )
    with raw:
        size = raw.seek(0, os.SEEK_END)
        if size > MAX_BYTES:
            raise Refused(f"{size:,} bytes, and at most {MAX_BYTES:,} are accepted")
        raw.seek(0)
        yield raw
