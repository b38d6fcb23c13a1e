"""Boxes of ISO base media files, which AVIF and HEIC are: what their pictures are, and where they lie."""

from collections.abc import Iterator
from typing import NamedTuple

from .photo_file import Refused

MAX_BOXES = 10_000  # in one box
MAX_TRACKS = 8  # of a film: its pictures, and their transparency
MAX_ITEMS = 5_000  # tiles of a picture, and what describes it; libheif's and libavif's own limits are higher


class Item(NamedTuple):
    """A part of a file with a meaning of its own, such as a tile of the picture."""

    kind: bytes  # four letters
    data: bytes


def boxes(data: memoryview) -> Iterator[tuple[bytes, memoryview]]:
    """The kind and the content of each of the boxes that `data` is; ends at what is none."""
    place = 0
    for _ in range(MAX_BOXES):
        if place + 8 > len(data):
            return
        size, kind, start = int.from_bytes(data[place : place + 4]), bytes(data[place + 4 : place + 8]), 8
        if size == 1:
            size, start = int.from_bytes(data[place + 8 : place + 16]), 16
        elif size == 0:
            size = len(data) - place
        if size < start or place + size > len(data):
            return
        yield kind, data[place + start : place + size]
        place += size
    raise Refused(f"more than {MAX_BOXES:,} boxes")


def items(content: bytes) -> list[Item]:
    """The items of the file with their data, which may not be more than the file itself.

    Raises `Refused` for more, for parts that are elsewhere or lie over each other, and for a part that is
    shown more than once, and would be decoded as often.
    """
    whole = memoryview(content)
    meta = next((box for kind, box in boxes(whole) if kind == b"meta"), None)
    if meta is None:
        return []
    inside = dict(boxes(meta[4:]))
    _check_shown(inside.get(b"iref", memoryview(b"")))
    kinds = _kinds(inside.get(b"iinf", memoryview(b"")))
    result, left = [], 2 * len(content)
    for number, method, extents in _places(inside.get(b"iloc", memoryview(b""))):
        source = {0: whole, 1: inside.get(b"idat", memoryview(b""))}.get(method)
        if source is None:
            raise Refused("a picture whose parts are in other parts")
        parts = [source[start : start + length if length else None] for start, length in extents]
        left -= sum(map(len, parts))
        if left < 0:
            raise Refused("parts that lie over each other")
        result.append(Item(kinds.get(number, b""), b"".join(parts)))
    return result


def properties(content: bytes, kind: bytes) -> list[bytes]:
    """The properties of `kind` that items of the file share."""
    return [bytes(box) for name, box in boxes(_within(content, b"iprp", b"ipco")) if name == kind]


def colours(content: bytes) -> tuple[int, int] | None:
    """The primaries and the transfer curve of the picture that the file shows first, by their numbers.

    ITU-T H.273 has the numbers. None where the file does not say.
    """
    shown = _within(content, b"pitm")
    number = int.from_bytes(shown[4 : 8 if shown[:1] == b"\1" else 6])
    shared = list(boxes(_within(content, b"iprp", b"ipco")))
    for place in _associated(_within(content, b"iprp", b"ipma"), number):
        kind, box = shared[place - 1] if 0 < place <= len(shared) else (b"", memoryview(b""))
        if kind == b"colr" and box[:4] == b"nclx":
            return int.from_bytes(box[4:6]), int.from_bytes(box[6:8])
    return None


def _within(content: bytes, *path: bytes) -> memoryview:
    """The content of the box at `path` in the description of the file's items; empty where there is none."""
    table = dict(boxes(memoryview(content))).get(b"meta", memoryview(b""))[4:]
    for name in path:
        table = dict(boxes(table)).get(name, memoryview(b""))
    return table


def _associated(box: memoryview, wanted: int) -> list[int]:
    """The places of the properties of item `wanted`, counted from 1."""
    reader = Reader(box)
    number_size = 2 if reader.take(1) == 0 else 4
    wide = 2 if reader.take(3) & 1 else 1
    for _ in range(min(reader.take(4), MAX_ITEMS)):
        number, count = reader.take(number_size), reader.take(1)
        if number == wanted:
            return [reader.take(wide) & (1 << 8 * wide - 1) - 1 for _ in range(count)]
        reader.take(count * wide)
    return []


def brands(content: bytes) -> set[bytes]:
    """The kinds of file that `content`, or its beginning, says it is."""
    size = min(int.from_bytes(content[:4]), len(content)) if content[4:8] == b"ftyp" else 0
    return {content[place : place + 4] for place in (8, *range(16, size, 4)) if size}


def first_samples(content: bytes) -> list[bytes]:
    """The first picture of each track of the file, which a film has."""
    whole = memoryview(content)
    samples = []
    for kind, film in boxes(whole):
        for track in (box for name, box in boxes(film) if name == b"trak") if kind == b"moov" else ():
            table = track
            for name in (b"mdia", b"minf", b"stbl"):
                table = dict(boxes(table)).get(name, memoryview(b""))
            parts = dict(boxes(table))
            sizes, wide = Reader(parts.get(b"stsz", memoryview(b""))[4:]), b"co64" in parts
            offsets = Reader(parts.get(b"co64" if wide else b"stco", memoryview(b""))[8:])
            every, _count = sizes.take(4), sizes.take(4)
            start = offsets.take(8 if wide else 4)
            samples.append(bytes(whole[start : start + (every or sizes.take(4))]))
            if len(samples) > MAX_TRACKS:
                raise Refused(f"more than {MAX_TRACKS} tracks")
    return samples


def _check_shown(box: memoryview) -> None:
    wide = 4 if box[:1] == b"\1" else 2  # bytes of a number
    shown: set[int] = set()
    for kind, entry in boxes(box[4:]):
        reader = Reader(entry[wide:])
        for _ in range(reader.take(2) if kind == b"dimg" else 0):
            number = reader.take(wide)
            if number in shown:
                raise Refused("a part that is shown more than once")
            shown.add(number)


def _kinds(box: memoryview) -> dict[int, bytes]:
    """What each item is, by its number."""
    kinds: dict[int, bytes] = {}
    start = 6 if box[:1] == b"\0" else 8
    for kind, entry in boxes(box[start:]):
        if kind == b"infe" and len(entry) >= 12 and entry[0] >= 2:
            wide = 2 if entry[0] == 2 else 4  # bytes of a number
            kinds[int.from_bytes(entry[4 : 4 + wide])] = bytes(entry[6 + wide : 10 + wide])
    return kinds


def _places(box: memoryview) -> Iterator[tuple[int, int, list[tuple[int, int]]]]:
    """Of each item its number, how its places count, and where its parts begin and how long they are."""
    reader = Reader(box)
    version = reader.take(1)
    reader.take(3)
    sizes = reader.take(2)
    offset, length, base, index = (sizes >> shift & 15 for shift in (12, 8, 4, 0))
    index = index if version in (1, 2) else 0
    count = reader.take(4 if version == 2 else 2)
    if count > MAX_ITEMS:
        raise Refused(f"more than {MAX_ITEMS:,} parts")
    for _ in range(count):
        number = reader.take(4 if version == 2 else 2)
        method = reader.take(2) & 15 if version in (1, 2) else 0
        reader.take(2)  # of another file
        begin = reader.take(base)
        extents = []
        for _ in range(reader.take(2)):
            reader.take(index)
            extents.append((begin + reader.take(offset), reader.take(length)))
            if len(extents) > MAX_ITEMS:
                raise Refused(f"more than {MAX_ITEMS:,} parts")
        yield number, method, extents


class Reader:
    """Whole numbers from bytes, one after the other; zeros behind their end."""

    def __init__(self, data: memoryview) -> None:
        self._data = data
        self._place = 0

    def take(self, size: int) -> int:
        """The next `size` bytes."""
        taken = self._data[self._place : self._place + size]
        self._place += size
        return int.from_bytes(taken) << 8 * (size - len(taken))
