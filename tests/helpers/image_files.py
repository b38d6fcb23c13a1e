"""Files of images, ordinary and not."""

import io
import struct
import zlib

import numpy as np
from PIL import Image

GRADIENT = np.stack(np.meshgrid(np.arange(48), np.arange(32)), -1).astype(np.uint8) * 4
RGB = np.concatenate([GRADIENT, np.full((32, 48, 1), 90, np.uint8)], -1)


def encoded(image: Image.Image, format: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format, **options)
    return buffer.getvalue()


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def tiff(*tags: tuple[int, int, int], data: bytes = b"", big: bool = False) -> bytes:
    """A TIFF of 64 x 64 grey pixels with these tags (number, count, value) besides the usual ones."""
    usual = [(256, 1, 64), (257, 1, 64), (258, 1, 8), (259, 1, 1), (262, 1, 1), (277, 1, 1)]
    directory = {tag: (count, value) for tag, count, value in (*usual, *tags)}
    form, head, length = ("<HHQQ", b"II+\0\x08\0\0\0" + struct.pack("<Q", 16), "<Q") if big else (
        "<HHII", b"II*\0" + struct.pack("<I", 8), "<H"
    )  # fmt: skip
    entries = b"".join(struct.pack(form, tag, 4, *directory[tag]) for tag in sorted(directory))
    return head + struct.pack(length, len(directory)) + entries + bytes(8) + data
