"""Pictures that people reported, each made anew here: what it shows, or what is said.

A report becomes a line: what it is like, how such a file is made, and its right pixels or the sentence.
Whole kinds of files are compared with another decoder in test_second_decoder.py.
"""

import io
import zlib
from collections.abc import Callable

import numpy as np
import pytest
import tifffile
from helpers import png_files, profiles, tiff_files
from helpers.image_files import RGB, chunk, encoded
from PIL import Image

from inception_hub.errors import ImageError
from inception_hub.images.decode import decode
from inception_hub.images.tiff import OLD_PILLOW

GREY = np.arange(48 * 32, dtype=np.uint16).reshape(32, 48) * 42  # of 16 bits
SHOWN = np.repeat(np.round(GREY / 257)[..., None], 3, -1)
SMALL = np.arange(256).reshape(16, 16)


def tiff(values: np.ndarray, **options: object) -> bytes:
    file = io.BytesIO()
    tifffile.imwrite(file, values, **options)  # type: ignore[arg-type]
    return file.getvalue()


def png(*beside: bytes) -> bytes:
    content = encoded(Image.fromarray(RGB), "PNG")
    return content[:33] + b"".join(beside) + content[33:]


def associated() -> tuple[bytes, np.ndarray]:
    alpha = np.full(SMALL.shape, 128)
    values = np.stack([SMALL // 2, alpha], -1).astype(np.uint8)
    shown = np.repeat((SMALL // 2 + 255 - alpha)[..., None], 3, -1)
    return tiff(values, photometric="minisblack", extrasamples=["assocalpha"]), shown


def clear_grey() -> tuple[bytes, np.ndarray]:
    shown = SHOWN.copy()
    shown[5, 7] = 255
    clear = png_files.transparency(png_files.GREY, [int(GREY[5, 7])])
    return png_files.png(GREY[..., None], png_files.GREY, 16, before=clear), shown


REPORTS: dict[str, tuple[Callable[[], bytes | tuple[bytes, np.ndarray]], np.ndarray | str | None]] = {
    "opencv#29567: 16 bits in planes": (
        lambda: tiff(np.stack([GREY] * 3), photometric="rgb", planarconfig="separate"),
        "holds colours or transparency in separate planes of 16 bits, which are not supported",
    ),
    "the same, compressed": (
        lambda: tiff(np.stack([GREY] * 3), photometric="rgb", planarconfig="separate", compression="zlib"),
        SHOWN,
    ),
    "integers of 32 bits from 0 to 255": (
        lambda: tiff(SMALL.astype(np.int32)), "holds signed 32-bit values, which are not supported",
    ),
    "the same without a sign": (lambda: tiff(SMALL.astype(np.uint32)), "holds 32-bit values, which are not"),
    "a scanner's signed 16 bits": (
        lambda: tiff(GREY.astype(np.int16)), "holds signed 16-bit values, which are not",
    ),
    "a microscope's 12 bits": (
        lambda: tiff_files.by_hand(SMALL * 16, 12, 1),
        np.repeat(np.round(SMALL * 16 / 4095 * 255)[..., None], 3, -1),
    ),
    "white at zero, 16 bits": (lambda: tiff(GREY, photometric="miniswhite"), 255 - SHOWN),
    "grey with associated transparency": (associated, None),
    "16-bit grey with a transparent value": (clear_grey, None),
    "Pillow#5136: a text that expands": (
        lambda: png(chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(3 << 20)))), RGB,
    ),
    "Pillow#5631: a profile that expands": (
        lambda: png(chunk(b"iCCP", b"x\0\0" + zlib.compress(bytes(9 << 20)))), RGB,
    ),
    "Pillow#8363: a damaged chunk beside it": (lambda: png(chunk(b"tIME", bytes(7))[:-1] + b"\0"), RGB),
    "photos of phones in Display P3": (
        lambda: encoded(Image.fromarray(RGB), "PNG", icc_profile=profiles.rgb_profile("display-p3")),
        profiles.srgb("display-p3", RGB),
    ),
    "pictures in Display P3 by numbers": (
        lambda: png(chunk(b"cICP", bytes([12, 13, 0, 1]))), profiles.srgb("display-p3", RGB),
    ),
    "the same, in 16 bits of grey": (lambda: png_files.png(
        GREY[..., None], png_files.GREY, 16, before=chunk(b"cICP", bytes([12, 13, 0, 1]))), SHOWN,
    ),
    "a microscope's JPEG 2000 in TIFF": (
        lambda: tiff(SMALL.astype(np.uint8), compression="jpeg2000"),
        "holds a TIFF compressed by method 34712; give an ordinary",
    ),
}  # fmt: skip


@pytest.mark.parametrize("report", REPORTS)
def test_reports(report: str) -> None:
    if OLD_PILLOW and report == "grey with associated transparency":
        pytest.skip("refused before Pillow 13")
    make, expected = REPORTS[report]
    made = make()
    content, expected = made if isinstance(made, tuple) else (made, expected)
    if isinstance(expected, str):
        with pytest.raises(ImageError, match=expected):
            decode(content)
    else:
        assert expected is not None and np.abs(decode(content).astype(int) - expected).max() <= 1
