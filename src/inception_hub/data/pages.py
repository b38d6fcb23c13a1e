"""How large the pages of a Parquet file become when they are unpacked, from their headers, before any is.

A page is read whole, whatever its file says elsewhere, and a few kilobytes may unpack to two gigabytes. The
descriptions of columns are read here, too, for damage in them ends pyarrow's process.
Format: parquet.thrift, in Thrift's compact protocol.
"""

from typing import Any, BinaryIO, NamedTuple

SMALL = 64 << 20  # bytes that any page may have
RATIO = 200  # of unpacked bytes to packed ones, beyond that; photos are packed already
MANY = 1 << 24  # values that any column of a group of rows may have; runs of equal ones take no bytes
PER_BYTE = RATIO // 4  # values for each packed byte, beyond that: a number has four
HEADER, FOOTER = 64 << 10, 64 << 20  # bytes of a page's header and of the file's description
DEEPEST = 16  # structures in structures
UNPACKED, PACKED = 2, 3  # fields of a page's header
KINDS = (5, 7, 8)  # of pages, each a structure in the header whose first field is the number of values
TRUE, FALSE, BYTE, INT16, INT32, INT64, DOUBLE, BINARY, LIST, SET, STRUCT = 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12


class Chunk(NamedTuple):
    """A column within a group of rows."""

    path: tuple[str, ...]  # its name, and those of its parts
    start: int
    size: int  # packed
    nulls: int | None  # how many values are missing, as far as it is known


def chunks(file: BinaryIO) -> list[list[Chunk]]:
    """The columns of each group of rows in a Parquet file; raises `ValueError` for a damaged description."""
    file.seek(0, 2)
    end = file.tell()
    file.seek(max(0, end - 8))
    length = int.from_bytes(file.read(4), "little")
    if not 0 < length <= min(FOOTER, end - 8):
        raise ValueError("a damaged description")
    file.seek(end - 8 - length)
    try:
        description = _Reader(file.read(length)).struct()
        return [[_chunk(column[3]) for column in group[1]] for group in description.get(4, ())]
    except (LookupError, TypeError, AttributeError) as error:
        raise ValueError("a damaged description") from error


def _chunk(described: dict[int, Any]) -> Chunk:
    path = tuple(name.decode("utf-8", "replace") for name in described[3])
    starts = [start for start in (described[9], described.get(11, 0)) if start > 0]
    return Chunk(path, min(starts, default=0), described[7], described.get(12, {}).get(3))


def largest_page(file: BinaryIO, chunk: Chunk) -> int:
    """The unpacked bytes of the largest page of a column's `chunk` in `file`.

    Raises `ValueError` for a page of more than `SMALL` bytes and `RATIO` times its packed ones, for more than
    `MANY` values and `PER_BYTE` for each packed byte, and for a damaged header.
    """
    place, end, largest, values = chunk.start, chunk.start + chunk.size, 0, 0
    while place < end:
        file.seek(place)
        reader = _Reader(file.read(HEADER))
        header = reader.struct()
        unpacked, packed = header.get(UNPACKED, -1), header.get(PACKED, -1)
        if not isinstance(unpacked, int) or not isinstance(packed, int) or unpacked < 0 or packed < 0:
            raise ValueError("a damaged page")
        if unpacked > max(SMALL, RATIO * packed):
            raise ValueError(f"a page of {packed:,} bytes that unpacks to {unpacked:,}")
        values += _values(header)
        if values > max(MANY, PER_BYTE * chunk.size):
            raise ValueError(f"{values:,} values in {chunk.size:,} bytes")
        largest = max(largest, unpacked)
        place += reader.place + packed
    return largest


def _values(header: dict[int, Any]) -> int:
    """How many values a page has, by its header."""
    described = next((header[kind] for kind in KINDS if kind in header), {})
    count = described.get(1, 0) if isinstance(described, dict) else -1
    if not isinstance(count, int) or count < 0:
        raise ValueError("a damaged page")
    return count


class _Reader:
    """Reads Thrift's compact protocol; raises `ValueError` for what is none."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.place = 0

    def struct(self, depth: int = 0) -> dict[int, Any]:
        """The values of a structure by the numbers of its fields."""
        if depth > DEEPEST:
            raise ValueError("a damaged page")
        values: dict[int, Any] = {}
        field = 0
        while head := self._byte():
            kind = head & 15
            field = field + (head >> 4) if head >> 4 else self._number()
            values[field] = kind == TRUE if kind in (TRUE, FALSE) else self._value(kind, depth)
        return values

    def _value(self, kind: int, depth: int) -> Any:
        if kind in (INT16, INT32, INT64):
            return self._number()
        if kind == BINARY:
            return self._bytes(self._varint())
        if kind == STRUCT:
            return self.struct(depth + 1)
        if kind in (LIST, SET):
            head = self._byte()
            count = head >> 4 if head >> 4 < 15 else self._varint()
            if count > len(self._data) or depth > DEEPEST:
                raise ValueError("a damaged page")
            return [self._value(head & 15, depth + 1) for _ in range(count)]
        if kind in (TRUE, FALSE, BYTE):  # in a list each takes a byte
            return self._byte()
        if kind == DOUBLE:
            return self._bytes(8)
        raise ValueError("a damaged page")

    def _bytes(self, length: int) -> bytes:
        self.place += length
        if self.place > len(self._data):
            raise ValueError("a damaged page")
        return self._data[self.place - length : self.place]

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
