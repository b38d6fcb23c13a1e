"""Snappy's raw block format, decompressed in plain Python.

https://github.com/google/snappy/blob/main/format_description.txt. TensorFlow may compress a table's blocks
with it. Blocks of float32 weights hardly compress and are mostly stored as they are, so speed matters little.
"""

from ...errors import FormatError
from .protobuf import varint


def decompress(data: memoryview, limit: int) -> bytes:
    """The content of one block; never more than `limit` bytes, whatever the block claims.

    Raises `FormatError` when it claims more, holds less or more than it claims, or copies from before
    its beginning.
    """
    size, position = varint(data, 0)
    if size > limit:
        raise FormatError(f"a compressed block claims {size} bytes where at most {limit} are possible")
    output = bytearray()
    while position < len(data):
        tag = data[position]
        position += 1
        if not tag & 3:
            length = (tag >> 2) + 1
            if length > 60:
                length, position = _little_endian(data, position, length - 60)
                length += 1
            if length > len(data) - position:
                raise FormatError("a compressed block is cut short")
            output += data[position : position + length]
            position += length
        else:
            if tag & 3 == 1:
                length = (tag >> 2 & 7) + 4
                low, position = _little_endian(data, position, 1)
                offset = tag >> 5 << 8 | low
            else:
                length = (tag >> 2) + 1
                offset, position = _little_endian(data, position, 2 if tag & 3 == 2 else 4)
            start = len(output) - offset
            if start < 0 or not offset:
                raise FormatError("a compressed block copies from outside itself")
            # A copy longer than its distance repeats what it has just written.
            pattern = output[start : start + length]
            output += (pattern * -(-length // len(pattern)))[:length]
        if len(output) > size:
            raise FormatError(f"a compressed block holds more than the {size} bytes it claims")
    if len(output) != size:
        raise FormatError(f"a compressed block holds {len(output)} bytes and claims {size}")
    return bytes(output)


def _little_endian(data: memoryview, position: int, size: int) -> tuple[int, int]:
    end = position + size
    if end > len(data):
        raise FormatError("a compressed block is cut short")
    return int.from_bytes(data[position:end], "little"), end
