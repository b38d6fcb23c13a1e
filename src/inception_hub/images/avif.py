"""How long an AVIF may take to decode, from the headers of what it is coded in.

The size that the file names need not be that of its frames, and a few bytes may hold thousands of frames that
are never shown: libavif decodes them all. This looks at every part that could be decoded.
"""

from typing import NamedTuple

from .boxes import first_samples, items
from .photo_file import Refused

MAX_BYTES = 256 << 20  # of a file; it is held in memory twice
MAX_UNITS = 10_000  # of AV1, in one part
MAX_FRAMES = 8  # in one part: a progressive picture has some four
# Nanoseconds of a core, dav1d 1.5: docs/reliability.md.
PIXEL, BYTE = 40, 100
SEQUENCE, FRAME_HEADER, FRAME, TILE_LIST = 1, 3, 6, 8  # kinds of unit


class Work(NamedTuple):
    """Upper bounds of what decoding an AVIF takes."""

    nanoseconds: int
    pixels: int  # of the largest frame


def work(content: bytes) -> Work:
    """What decoding the first picture and its transparency may take; raises `Refused` for a rare kind."""
    if len(content) > MAX_BYTES:
        raise Refused(f"an AVIF of {len(content):,} bytes, and at most {MAX_BYTES:,} are accepted")
    total, largest = BYTE * len(content), 0
    for part in (*(item.data for item in items(content) if item.kind == b"av01"), *first_samples(content)):
        frames, pixels = _frames(memoryview(part))
        largest = max(largest, pixels)
        total += frames * pixels * PIXEL
    return Work(total, largest)


def _frames(data: memoryview) -> tuple[int, int]:
    """How many frames there are, and the pixels of the largest that may be."""
    place = frames = pixels = 0
    for _ in range(MAX_UNITS):
        if place >= len(data):
            return frames, pixels
        head = data[place]
        kind, extended, sized = head >> 3 & 15, head >> 2 & 1, head >> 1 & 1
        place += 1 + extended
        size = len(data) - place
        if sized:
            size, place = _leb128(data, place)
        if kind == SEQUENCE:
            pixels = max(pixels, _pixels(data[place : place + size]))
        elif kind == TILE_LIST:
            raise Refused("an AVIF of a rare kind")
        frames += kind in (FRAME_HEADER, FRAME)
        if frames > MAX_FRAMES:
            raise Refused(f"more than {MAX_FRAMES} frames in one picture")
        place += size
    raise Refused(f"more than {MAX_UNITS:,} parts")


def _leb128(data: memoryview, place: int) -> tuple[int, int]:
    """A number of seven bits a byte, the lowest first, and the place behind it."""
    value = 0
    for number in range(8):
        if place >= len(data):
            break
        byte = data[place]
        value |= (byte & 127) << 7 * number
        place += 1
        if byte < 128:
            break
    return value, place


def _pixels(header: memoryview) -> int:
    """Width times height of the largest frame after this header of a sequence (AV1, 5.5.1)."""
    bits = _Bits(header)
    bits.take(4)  # profile, still picture
    if bits.take(1):  # the short header of a still picture
        bits.take(5)
    else:
        if bits.take(1):
            raise Refused("an AVIF with the times of a film")
        delays = bits.take(1)
        for _ in range(bits.take(5) + 1):  # operating points
            bits.take(12)
            if bits.take(5) > 7:
                bits.take(1)
            if delays and bits.take(1):
                bits.take(4)
    width_bits, height_bits = bits.take(4) + 1, bits.take(4) + 1
    return (bits.take(width_bits) + 1) * (bits.take(height_bits) + 1)


class _Bits:
    """Whole numbers of any number of bits, the highest first; zeros behind the end."""

    def __init__(self, data: memoryview) -> None:
        head = bytes(data[:100])  # far more than such a header has
        self._value, self._left = int.from_bytes(head), 8 * len(head)

    def take(self, count: int) -> int:
        self._left -= count
        shifted = self._value >> self._left if self._left >= 0 else self._value << -self._left
        return shifted & ((1 << count) - 1)
