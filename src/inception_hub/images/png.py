"""The chunks of a PNG that make its picture; what lies beside them is neither read nor can it do harm.

Texts, dates and animations may be damaged, or expand a thousandfold, in a file whose picture is intact. A
chunk that is not needed to show the picture and does not match its checksum is left out, as libpng does.
"""

import io
import os
import struct
import zlib
from bisect import bisect_right
from itertools import accumulate
from typing import Any

import numpy as np
from PIL import Image, PngImagePlugin

from . import cicp
from .modes import GREY
from .photo_file import MAX_EXIF, MAX_PROFILE, MAX_READS, Refused

SIGNATURE = b"\x89PNG\r\n\x1a\n"
TRANSPARENCY, EXIF, PROFILE = b"tRNS", b"eXIf", b"iCCP"
CODES, IS_SRGB, GAMMA, PRIMARIES = b"cICP", b"sRGB", b"gAMA", b"cHRM"
LENGTHS = {CODES: 4, IS_SRGB: 1, GAMMA: 4, PRIMARIES: 32}
PIXELS = (b"PLTE", b"IDAT")  # what says of which colours they are stands before them
SRGB_GAMMA = (45454, 45455)  # of gAMA, in 100,000ths: what writers give of sRGB, whose curve is no power
TEXTS = (b"tEXt", b"zTXt", b"iTXt")
ORIENTED = (b"Raw profile type exif", b"XML:com.adobe.xmp")  # keywords of texts that may say which way is up
COLOUR_TYPE, GREYS = 25, (b"\0", b"\4")  # where it stands in the header, and those without colours
MAX_TEXT = 1 << 20  # bytes, as Pillow has it
MAX_CHUNK = MAX_PROFILE + MAX_TEXT  # bytes of a chunk that is looked at


SCALES = {"L;2": 85, "L;4": 17}  # of grey values of 2 and 4 bits in Pillow, but not of the transparent one


class PngPicture(io.RawIOBase):
    """A PNG file without the chunks that do not belong to its picture.

    `profile`: the ICC profile of its colours, its own or one of those that it names; None or empty where
    there is none, or one that is damaged or larger than `MAX_PROFILE`.
    """

    def __init__(self, raw: io.RawIOBase | io.BytesIO) -> None:
        super().__init__()
        self._raw = raw
        self._parts: list[tuple[int, int]] = []  # where they begin and end in `raw`
        self._place = 0
        self._seen: set[bytes] = set()  # kinds of which the first counts, so that no more are expanded
        self._colours: dict[bytes, bytes] = {}  # the chunks that say of which colours the pixels are
        self._walk(raw.seek(0, os.SEEK_END))
        self.profile = self._profile()
        self._starts = [0, *accumulate(end - start for start, end in self._parts)]  # and where all end

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        starts = {os.SEEK_SET: 0, os.SEEK_CUR: self._place, os.SEEK_END: self._starts[-1]}
        self._place = offset + starts[whence]
        return self._place

    def tell(self) -> int:
        return self._place

    def readinto(self, buffer: Any, /) -> int:
        if not 0 <= self._place < self._starts[-1]:
            return 0
        part = bisect_right(self._starts, self._place) - 1
        start, end = self._parts[part]
        place = start + self._place - self._starts[part]
        self._raw.seek(place)
        length = self._raw.readinto(memoryview(buffer)[: end - place]) or 0
        self._place += length
        return length

    def _walk(self, size: int) -> None:
        """Finds the parts; what follows a chunk that is no chunk is kept, for Pillow to complain about."""
        place, number = len(SIGNATURE), 0
        self._keep(0, place)
        while place + 12 <= size:
            number += 1
            if number > MAX_READS:
                raise Refused(f"more than {MAX_READS:,} parts")
            self._raw.seek(place)
            length, kind = struct.unpack(">I4s", self._raw.read(8) or b"")
            end = place + 12 + length
            if end > size or not kind.isalpha():
                break
            self._seen |= {kind} & set(PIXELS)
            if kind[:1].isupper() or self._belongs(kind, length):
                self._keep(place, end)
            place = end
            if kind == b"IEND":
                return
        self._keep(place, size)

    def _belongs(self, kind: bytes, length: int) -> bool:
        """Whether a chunk that is not critical, and at whose data `raw` is, is needed for the picture."""
        says_colours = kind == PROFILE or LENGTHS.get(kind) == length
        if not (says_colours or kind in (TRANSPARENCY, EXIF, *TEXTS)) or length > MAX_CHUNK:
            return False
        if says_colours and not self._seen.isdisjoint(PIXELS):
            return False
        data, checksum = self._raw.read(length) or b"", self._raw.read(4) or b""
        if zlib.crc32(kind + data).to_bytes(4) != checksum:
            return False
        name = next((each for each in ORIENTED if data.startswith(each)), b"") if kind in TEXTS else kind
        if not name or name in self._seen:
            return False
        self._seen.add(name)
        if says_colours:
            self._colours[kind] = data
            return False
        if kind in TEXTS:
            return _is_small_text(kind, data)
        return kind == TRANSPARENCY or length <= MAX_EXIF

    def _profile(self) -> bytes | None:
        """By the first that counts of cICP, iCCP, sRGB and gAMA, as the standard orders them."""
        self._raw.seek(COLOUR_TYPE)
        grey, chunks = self._raw.read(1) in GREYS, self._colours
        primaries, transfer, matrix, full = chunks.get(CODES, bytes(4))
        if not matrix and full and (named := cicp.profile(primaries, transfer, grey=grey)) is not None:
            return named
        if own := _inflated_profile(chunks.get(PROFILE, b"")):
            return own
        (gamma,) = struct.unpack(">I", chunks.get(GAMMA, bytes(4)))
        if IS_SRGB in chunks or not gamma or (gamma in SRGB_GAMMA and PRIMARIES not in chunks):
            return None
        points = None
        if PRIMARIES in chunks:  # white first
            x_and_y = [value / 100_000 for value in struct.unpack(">8I", chunks[PRIMARIES])]
            points = [(x_and_y[i], x_and_y[i + 1]) for i in (2, 4, 6, 0)]
        exponent = None if gamma in SRGB_GAMMA else 100_000 / gamma
        return cicp.gamma_profile(exponent, points, grey=grey)

    def _keep(self, start: int, end: int) -> None:
        if self._parts and self._parts[-1][1] == start:
            start = self._parts.pop()[0]
        self._parts.append((start, end))


def amend(image: Image.Image, profile: bytes | None) -> None:
    """Puts into `image`, just opened, what Pillow takes for other than it is, or was not given."""
    if profile:
        image.info["icc_profile"] = profile
    raw, clear = _raw_mode(image), image.info.get("transparency")
    if raw in SCALES and isinstance(clear, int):
        image.info["transparency"] = SCALES[raw] * clear & 255
    if raw == "LA;16B":
        image.info[GREY] = True


def has_deep_transparency(image: Image.Image) -> bool:
    """Whether one colour of 16 bits is transparent, of which Pillow decodes the upper 8."""
    return _raw_mode(image) == "RGB;16B" and isinstance(image.info.get("transparency"), tuple)


def lay_deep_transparency(image: Image.Image, file: io.BufferedReader) -> None:
    """Makes white in `image`, loaded from `file`, what is of the transparent colour in all 16 bits."""
    clear = image.info.pop("transparency")
    file.seek(0)
    with PngImagePlugin.PngImageFile(file) as lower:
        lower.tile = [tile._replace(args="RGB;16L") for tile in lower.tile]  # takes the lower for the upper
        rows = max(1, (1 << 20) // image.width)
        lower.load()
        for top in range(0, image.height, rows):
            box = (0, top, image.width, min(top + rows, image.height))
            upper = np.asarray(image.crop(box)).astype(np.uint16)
            values = upper << 8 | np.asarray(lower.crop(box))
            image.paste("white", box, Image.fromarray((values == clear).all(-1)))


def _raw_mode(image: Image.Image) -> str:
    tile = getattr(image, "tile", None)  # a picture that is no file has none
    return str(tile[0][3]) if tile else ""


def _inflated_profile(data: bytes) -> bytes | None:
    """A profile is behind its name, a zero and the number of the only compression there is."""
    _name, _, rest = data.partition(b"\0")
    return _inflated(rest[1:], MAX_PROFILE) if rest[:1] == b"\0" else None


def _is_small_text(kind: bytes, data: bytes) -> bool:
    _keyword, _, rest = data.partition(b"\0")
    if kind == b"tEXt":
        return len(data) <= MAX_TEXT
    if kind == b"zTXt":
        return rest[:1] == b"\0" and _inflated(rest[1:], MAX_TEXT) is not None
    if rest[:2] == b"\1\0":
        text = rest[2:].split(b"\0", 2)  # language, translated keyword
        return len(text) == 3 and _inflated(text[2], MAX_TEXT) is not None
    return rest[:1] == b"\0" and len(data) <= MAX_TEXT


def _inflated(data: bytes, most: int) -> bytes | None:
    """None for what is damaged or larger than `most` bytes."""
    decompressor = zlib.decompressobj()
    try:
        content = decompressor.decompress(data, most + 1)
    except zlib.error:
        return None
    return content if content and len(content) <= most and decompressor.eof else None
