"""How large the pages of a Parquet file become when they are unpacked, from their headers, before any is.

A page is read whole, whatever its file says elsewhere, and a few kilobytes may unpack to two gigabytes.
Format: parquet.thrift, in Thrift's compact protocol.
"""

from typing import Any, BinaryIO

SMALL = 64 << 20  # bytes that any page may have
RATIO = 200  # of unpacked bytes to packed ones, beyond that; photos are packed already
HEADER = 64 << 10  # bytes of a page's header
DEEPEST = 8  # structures in structures
UNPACKED, PACKED = 2, 3  # fields of a header
TRUE, FALSE, INT32, INT64, BINARY, STRUCT = 1, 2, 5, 6, 8, 12  # the types that headers have


def largest_page(file: BinaryIO, chunk: Any) -> int:
    """The unpacked bytes of the largest page of a column's `chunk`, pyarrow's description of it, in `file`.

    Raises `ValueError` for a page of more than `SMALL` bytes and `RATIO` times its packed ones, or a damaged
    header.
    """
    starts = [chunk.data_page_offset, chunk.dictionary_page_offset or 0]
    place = min(start for start in starts if start > 0)
    end, largest = place + chunk.total_compressed_size, 0
    while place < end:
        file.seek(place)
        header = _Reader(file.read(HEADER))
        sizes = header.struct()
        unpacked, packed = sizes.get(UNPACKED, -1), sizes.get(PACKED, -1)
        if unpacked < 0 or packed < 0:
            raise ValueError("a damaged page")
        if unpacked > max(SMALL, RATIO * packed):
            raise ValueError(f"a page of {packed:,} bytes that unpacks to {unpacked:,}")
        largest = max(largest, unpacked)
        place += header.place + packed
    return largest


class _Reader:
    """Reads Thrift's compact protocol; raises `ValueError` behind its end."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.place = 0

    def struct(self, depth: int = 0) -> dict[int, int]:
        """The numbers among the fields of a structure, by the fields' own numbers; others are skipped."""
        if depth > DEEPEST:
            raise ValueError("a damaged page")
        numbers: dict[int, int] = {}
        field = 0
        while head := self._byte():
            kind = head & 15
            field = field + (head >> 4) if head >> 4 else self._number()
            if kind in (INT32, INT64):
                numbers[field] = self._number()
            else:
                self._skip(kind, depth)
        return numbers

    def _skip(self, kind: int, depth: int) -> None:
        if kind == BINARY:
            length = self._varint()
            self.place += length
        elif kind == STRUCT:
            self.struct(depth + 1)
        elif kind not in (TRUE, FALSE):
            raise ValueError("a damaged page")

    def _byte(self) -> int:
        if self.place >= len(self._data):
            raise ValueError("a damaged page")
        self.place += 1
        return self._data[self.place - 1]

    def _varint(self) -> int:
        value = shift = 0
        while shift < 70:
            byte = self._byte()
            value |= (byte & 127) << shift
            if byte < 128:
                return value
            shift += 7
        raise ValueError("a damaged page")

    def _number(self) -> int:
        value = self._varint()
        return value >> 1 ^ -(value & 1)
