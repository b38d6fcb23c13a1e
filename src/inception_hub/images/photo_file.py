"""A photo's bytes as Pillow reads them, within bounds of time and memory that Pillow itself does not set.

Its parsers loop in Python over as many parts as a file cares to have, and libjpeg-turbo goes over all pixels
again for every scan, of which a progressive JPEG may hold thousands in a few kilobytes.
"""

import io
import os
import struct

MAX_PIXELS = 100_000_000  # some 1 GB while it is decoded; the largest phone cameras take twice as many
MOST_PIXELS = 178_956_970  # Pillow's own limit, twice its `MAX_IMAGE_PIXELS`
MAX_BYTES = 1 << 30  # 100 million pixels of 64 bits, uncompressed, are 800 MB
MAX_READS = 200_000  # a second's work; a PNG takes four for each part of 8 KiB, a TIFF one for each strip
MAX_SCANS = 100  # as libtiff has it for the JPEGs inside TIFF; encoders make some ten
MAX_SCANNED = 2_000_000_000  # pixels over all scans, each of which goes over all of them again
SCAN = b"\xff\xda"
STRIP_OFFSETS, TILE_OFFSETS = 273, 324
# By a TIFF's first four bytes: how the place of its directory, the directory's length and an entry (tag,
# type, how many values, and the values or their place) are stored; the last two are BigTIFF's.
TIFF = {
    b"II*\0": ("<4xI", "<H", "<HHI4x"),
    b"MM\0*": (">4xI", ">H", ">HHI4x"),
    b"II+\0": ("<8xQ", "<Q", "<HHQ8x"),
    b"MM\0+": (">8xQ", ">Q", ">HHQ8x"),
}


class TooMuch(Exception):
    """What the file holds too much of; never seen outside `images`."""


class PhotoFile(io.BufferedReader):
    """Reading raises `TooMuch` once there is too much to read; so does opening a file that is too large."""

    def __init__(self, raw: io.FileIO | io.BytesIO) -> None:
        super().__init__(raw)  # type: ignore[arg-type] - a BytesIO reads like a raw file
        self._reads = self._scans = 0
        self._most_scans: int | None = None
        size = self.seek(0, os.SEEK_END)
        self.seek(0)
        if size > MAX_BYTES:
            raise TooMuch(f"{size:,} bytes, and at most {MAX_BYTES:,} are accepted")
        if self._strips() > MAX_READS:
            raise TooMuch(f"more than {MAX_READS:,} strips or tiles")

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(size)
        self._reads += 1
        if self._reads > MAX_READS:
            raise TooMuch(f"more than {MAX_READS:,} parts")
        if self._most_scans is not None:
            self._scans += data.count(SCAN)
            if self._scans > self._most_scans:
                raise TooMuch(f"more than {self._most_scans} scans")
        return data

    def limit_scans(self, pixels: int) -> None:
        """To be called for a progressive JPEG, of so many pixels, before it is decoded."""
        self._most_scans = min(MAX_SCANS, MAX_SCANNED // max(1, pixels))

    def _strips(self) -> int:
        """Strips or tiles of a TIFF's first image; 0 for every other file."""
        form = TIFF.get(super().read(4))
        strips = 0
        if form:
            place, length, entry = (struct.Struct(part) for part in form)
            try:
                self.seek(0)
                self.seek(place.unpack(super().read(place.size))[0])
                (entries,) = length.unpack(super().read(length.size))
                for _ in range(min(entries, 1 << 16)):
                    tag, _type, count = entry.unpack(super().read(entry.size))
                    if tag in (STRIP_OFFSETS, TILE_OFFSETS):
                        strips = max(strips, count)
            except (struct.error, ValueError, OSError):
                pass  # cut short or nonsense: Pillow says so
        self.seek(0)
        return strips
