"""A photo's bytes as Pillow reads them, within bounds of size, parts and time that Pillow does not set.

Its parsers loop in Python over as many parts as a file cares to have, and some of its decoders read on for as
long as nothing comes of what they read.
"""

import io
import os
import struct
import time

from ..errors import ArgumentError
from ..system.numbers import is_number

MAX_PIXELS = 100_000_000  # some 1 GB while it is decoded; the largest phone cameras take twice as many
MOST_PIXELS = 178_956_970  # Pillow's own limit, twice its `MAX_IMAGE_PIXELS`
MAX_BYTES = 1 << 30  # 100 million pixels of 64 bits, uncompressed, are 800 MB
MAX_READS = 200_000  # a second's work; a PNG takes four for each part of 8 KiB, a TIFF one for each strip
MAX_EXIF = 64 << 10  # bytes, as EXIF itself has it; Pillow keeps a copy of up to all of it for each tag
MAX_PROFILE = 4 << 20  # bytes of an ICC profile; those of printers have some 2 MB
MAX_SECONDS = 6  # of a core, to decode a photo; 100 million pixels of a hostile PNG take four
EXIF = b"Exif\0\0"  # at the head of a JPEG's segment, which Pillow reads at once
STRIP_OFFSETS, TILE_OFFSETS = 273, 324
# By a TIFF's first four bytes: how the place of its directory, the directory's length and an entry (tag,
# type, how many values, and the values or their place) are stored; the last two are BigTIFF's.
TIFF = {
    b"II*\0": ("<4xI", "<H", "<HHI4x"),
    b"MM\0*": (">4xI", ">H", ">HHI4x"),
    b"II+\0": ("<8xQ", "<Q", "<HHQ8x"),
    b"MM\0+": (">8xQ", ">Q", ">HHQ8x"),
}


def check_max_pixels(value: int) -> None:
    """Raises `ArgumentError` unless `value` is a number from 1 to `MOST_PIXELS`."""
    if not is_number(value) or not 1 <= value <= MOST_PIXELS:
        raise ArgumentError(f"max_pixels is {value!r}; give a number from 1 to {MOST_PIXELS:,}.")


class Refused(Exception):
    """What a file holds that is not accepted; never seen outside `images`."""


class Unsupported(Exception):
    """Things in a file that are not read, though others may; never seen outside `images`."""


class PhotoFile(io.BufferedReader):
    """Reading raises `Refused` once there is too much to read; so does opening a TIFF of too many parts.

    To be opened and read in one thread, whose time counts.
    """

    def __init__(self, raw: io.RawIOBase | io.BytesIO) -> None:
        super().__init__(raw)  # a BytesIO reads like a raw file
        self._reads = self._bytes = self._exif = 0
        self._opened = time.thread_time()
        self.size = self.seek(0, os.SEEK_END)
        self.seek(0)
        self._check_directory()

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(size)
        self._reads += 1
        if self._reads > MAX_READS:
            raise Refused(f"more than {MAX_READS:,} parts")
        self._bytes += len(data)
        if self._bytes > 3 * self.size + MAX_EXIF:  # what is decoded in whole is read twice
            raise Refused("parts that lie over each other")
        if data.startswith(EXIF):
            self._exif += len(data)
            if self._exif > MAX_EXIF:
                raise Refused(f"more than {MAX_EXIF:,} bytes of EXIF")
        if time.thread_time() - self._opened > MAX_SECONDS:
            raise Refused(f"more work than for {MAX_SECONDS} seconds")
        return data

    def whole(self, most: int = -1) -> bytes:
        """All of it, or its first `most` bytes; the place stays."""
        place = self.tell()
        self.seek(0)
        content = super().read(most)
        self.seek(place)
        return content

    def _check_directory(self) -> None:
        """Refuses a TIFF of too many strips, or of two values for one tag.

        Of two values Pillow takes the last and libtiff, which decodes, the first.
        """
        form = TIFF.get(super().read(4))
        if form:
            place, length, entry = (struct.Struct(part) for part in form)
            tags: set[int] = set()
            try:
                self.seek(0)
                self.seek(place.unpack(super().read(place.size))[0])
                (entries,) = length.unpack(super().read(length.size))
                for _ in range(min(entries, 1 << 16)):
                    tag, _type, count = entry.unpack(super().read(entry.size))
                    if tag in tags:
                        raise Refused(f"two values of the TIFF tag {tag}")
                    tags.add(tag)
                    if tag in (STRIP_OFFSETS, TILE_OFFSETS) and count > MAX_READS:
                        raise Refused(f"more than {MAX_READS:,} strips or tiles")
            except (struct.error, ValueError, OSError):
                pass  # cut short or nonsense: Pillow says so
        self.seek(0)
