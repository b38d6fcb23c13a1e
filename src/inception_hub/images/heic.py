"""HEIC, the photos of phones, by pillow-heif where it is installed; and how long one may take to decode.

As for AVIF, the size that a file names need not be that of the pictures in it.
"""

from typing import Any

from .boxes import brands, items, properties
from .photo_file import Refused

BRANDS = {b"heic", b"heix", b"heim", b"heis"}  # of still pictures
MAX_BYTES = 256 << 20  # of a file; it is held in memory twice
MAX_UNITS = 10_000  # of HEVC, in one part
# Nanoseconds of a core, libde265 1.1: docs/reliability.md.
PIXEL, BYTE = 40, 100
CODED = b"hvc1"
DERIVED = (b"iovl", b"iden", b"tili", b"unci")  # pictures made of others, or packed in ways of their own
PICTURES, PARAMETERS = 32, 33  # kinds of unit: those below show something; the size of what follows


def is_heic(head: bytes) -> bool:
    """Whether a file that begins so is a HEIC."""
    return not BRANDS.isdisjoint(brands(head))


def open_heic(file: Any) -> Any:
    """The photo in `file` as Pillow's image, not decoded yet; raises `ImportError` without pillow-heif."""
    from pillow_heif.as_plugin import HeifImageFile

    return HeifImageFile(file, "")


def work(content: bytes) -> tuple[int, int]:
    """Nanoseconds that decoding may take, and the pixels of the largest picture; raises `Refused`."""
    if len(content) > MAX_BYTES:
        raise Refused(f"a HEIC of {len(content):,} bytes, and at most {MAX_BYTES:,} are accepted")
    pictures, sizes = 0, [1]
    for description in properties(content, b"hvcC"):
        _walk(memoryview(description), _described(description), sizes)
    for item in items(content):
        if item.kind in DERIVED:
            raise Refused(f"a HEIC of a rare kind ({item.kind.decode()})")
        if item.kind == CODED:
            pictures += _walk(memoryview(item.data), None, sizes)
    return BYTE * len(content) + PIXEL * pictures * max(sizes), max(sizes)


def _described(description: bytes) -> list[tuple[int, int]]:
    """Where the units in a description of what follows lie: begin and end of each."""
    units, place = [], 23
    for _ in range(description[22] if len(description) > 22 else 0):
        count = int.from_bytes(description[place + 1 : place + 3])
        place += 3
        for _ in range(count):
            size = int.from_bytes(description[place : place + 2])
            units.append((place + 2, place + 2 + size))
            place += 2 + size
            if len(units) > MAX_UNITS or place > len(description):
                raise Refused(f"more than {MAX_UNITS:,} parts")
    return units


def _walk(data: memoryview, units: list[tuple[int, int]] | None, sizes: list[int]) -> int:
    """How many pictures begin in `data`; the pixels of each size that is named go into `sizes`.

    `units`: where they lie; None: each behind its length, of four bytes.
    """
    pictures = 0
    for begin, end in _units(data) if units is None else units:
        unit = data[begin:end]
        kind = unit[0] >> 1 & 63 if unit else PICTURES
        if kind < PICTURES:
            pictures += len(unit) > 2 and unit[2] >> 7  # the first slice of a picture
        elif kind == PARAMETERS:
            sizes.append(_pixels(bytes(unit[2:200])))
    return pictures


def _units(data: memoryview) -> list[tuple[int, int]]:
    units: list[tuple[int, int]] = []
    place = 0
    while place + 4 <= len(data):
        size = int.from_bytes(data[place : place + 4])
        units.append((place + 4, place + 4 + size))
        place += 4 + size
        if len(units) > MAX_UNITS:
            raise Refused(f"more than {MAX_UNITS:,} parts")
    return units


def _pixels(parameters: bytes) -> int:
    """Width times height of the pictures after these parameters (H.265, 7.3.2.2)."""
    plain = parameters.replace(b"\0\0\3", b"\0\0")
    bits = f"{int.from_bytes(plain):0{8 * len(plain)}b}" + "1" * 64
    layers = int(bits[4:7], 2)  # beside the one that there always is
    place = 8 + 96
    present = bits[place : place + 2 * layers]
    place += 16 if layers else 0
    place += 88 * present[::2].count("1") + 8 * present[1::2].count("1")
    numbers = []
    while len(numbers) < 4:  # number of the parameters, kind of colours, width, height
        zeros = len(bits[place:]) - len(bits[place:].lstrip("0"))
        numbers.append(int(bits[place + zeros : place + 2 * zeros + 1] or "1", 2) - 1)
        place += 2 * zeros + 1
        if numbers[1:] == [3]:
            place += 1  # whether the colours are planes of their own
    return numbers[2] * numbers[3]
