"""How long a JPEG may take to decode, and how much memory, from its markers alone.

libjpeg-turbo goes over every block of a component again for each scan that names it, with or without data
for it: thousands of scans fit into a few kilobytes. This walks over the markers exactly as libjpeg does
(jdmarker.c), so no scan escapes it, and knows what a block, a byte and a pixel can cost at most.
"""

import re
import struct
from typing import NamedTuple

from .photo_file import Refused

# Nanoseconds of a core, libjpeg-turbo 3.2, above the slowest that was measured: docs/reliability.md.
BLOCK = 25  # of 8 x 8 samples, that a scan goes over with a bit or two of data for it, or none
REFINED = 70  # the same where a scan refines 63 coefficients: it looks at every one
FILLED = 400  # a block after a restart, which is decoded as if its data were zeros
BYTE = 25
SCAN = 10_000  # its tables, and finding it here
COEFFICIENTS = 128  # bytes of a block
SAMPLE = 5  # of one component: inverse transform, smoothing, upsampling, colours, turning upright

# Neither the second byte of a marker that is skipped wherever it stands (fill, stuffed 0, TEM, RST0 to RST7).
MARKER = re.compile(rb"\xff[^\x00\x01\xff\xd0-\xd7]")
# Frames: baseline, extended, progressive. Of the others neither cameras nor browsers know any.
HUFFMAN = (0xC0, 0xC1, PROGRESSIVE := 0xC2)
TABLES = (0xC4, 0xC8, 0xCC)  # no frames, though among their numbers
SOI, EOI, SOS, DRI = 0xD8, 0xD9, 0xDA, 0xDD


class Frame(NamedTuple):
    """What the header of a frame says."""

    units: int  # minimum coded units
    components: tuple[tuple[int, int], ...]  # of each its number and its blocks in a unit
    samples: int  # of all components at full size, whole units
    progressive: bool


class Work(NamedTuple):
    """Upper bounds of what decoding a JPEG takes."""

    nanoseconds: int
    held: int  # bytes of coefficients, which are held until the last of several scans


def nanoseconds(content: bytes) -> int:
    """How long decoding all scans of the whole JPEG may take; raises `Refused` for a rare kind."""
    return work(content).nanoseconds


def work(content: bytes, scale: int = 1) -> Work:
    """What decoding the JPEG at 1 / `scale` of its sides may take; raises `Refused` for a rare kind."""
    frame: Frame | None = None
    interval = held = 0
    total = BYTE * len(content)
    place = 2
    while match := MARKER.search(content, place):
        place, kind = match.end(), content[match.end() - 1]
        if kind == EOI:
            break
        if kind == SOI:
            continue
        data = content[place + 2 : place + max(2, int.from_bytes(content[place : place + 2]))]
        place += 2 + len(data)
        if kind == DRI:
            interval = int.from_bytes(data[:2])
        elif kind == SOS:
            total += SCAN
            if frame:
                following = MARKER.search(content, place)
                length = (following.start() if following else len(content)) - place
                total += _scan(frame, data, interval, length)
                if frame.progressive or data[:1] != bytes([len(frame.components)]):
                    held = COEFFICIENTS * frame.units * sum(blocks for _, blocks in frame.components)
        elif 0xC0 <= kind <= 0xCF and kind not in TABLES:
            if kind not in HUFFMAN:
                raise Refused("a JPEG that is lossless, hierarchical or coded arithmetically")
            if frame is None:  # libjpeg ends at a second one
                frame = _frame(data, kind)
                total += SAMPLE * frame.samples // scale**2
    return Work(total, held)


def _frame(data: bytes, kind: int) -> Frame:
    try:
        _bits, height, width, count = struct.unpack_from(">BHHB", data)
        parts = [struct.unpack_from(">BB", data, 6 + 3 * number) for number in range(count)]
    except struct.error:  # cut short: libjpeg refuses it
        return Frame(0, (), 0, False)
    across = max((sampling >> 4 for _, sampling in parts), default=1) or 1
    down = max((sampling & 15 for _, sampling in parts), default=1) or 1
    units = -(-width // (8 * across)) * -(-height // (8 * down))
    components = tuple((number, (sampling >> 4) * (sampling & 15)) for number, sampling in parts)
    return Frame(units, components, units * 64 * across * down * count, kind == PROGRESSIVE)


def _scan(frame: Frame, header: bytes, interval: int, length: int) -> int:
    named = header[1 : 1 + 2 * header[0] : 2] if header else b""
    a_unit = sum(max((n for number, n in frame.components if number == one), default=0) for one in named)
    blocks = frame.units * a_unit
    # At least two bytes make a restart, after which a unit is decoded; without an interval there is none.
    filled = min(blocks // interval, length // 2 * a_unit) if interval else 0
    first, _last, bits = (*header[-3:], 0, 0, 0)[:3]
    return (REFINED if first and bits >> 4 else BLOCK) * blocks + FILLED * filled
