"""Protocol buffers' wire format: the fields of a message, without its schema.

https://protobuf.dev/programming-guides/encoding. Knows bytes and field numbers, never what they mean.
Nothing here recurses: a nested message is a `memoryview` that the caller may hand to `fields` again, so
the depth is that of the caller's own schema.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from ...errors import FormatError

MAX_VARINT_BYTES = 10  # 64 bits, seven to a byte
MAX_FIELDS = 1_000  # in one message: nested ones of two bytes each would keep the reader busy for minutes
MAX_NAME_BYTES = 1_024
PACKED_PART = 1 << 20  # bytes decoded at once: the work needs some fifty times their memory

VARINT, FIXED64, LENGTH_DELIMITED, FIXED32 = 0, 1, 2, 5
FIXED_SIZES = {FIXED64: 8, FIXED32: 4}

Value = int | memoryview
EMPTY = memoryview(b"")  # what an absent message or string stands for


def varint(data: memoryview, position: int) -> tuple[int, int]:
    """The unsigned 64-bit integer at `position`, and the position behind it.

    Raises `FormatError` when it is cut short, takes more than ten bytes or exceeds 64 bits.
    """
    value = 0
    for index, byte in enumerate(data[position : position + MAX_VARINT_BYTES]):
        value |= (byte & 0x7F) << 7 * index
        if byte < 0x80:
            if value >> 64:
                raise FormatError("an integer exceeds 64 bits")
            return value, position + index + 1
    raise FormatError("an integer is cut short or longer than ten bytes")


def fields(message: memoryview, most: int = MAX_FIELDS) -> Iterator[tuple[int, Value]]:
    """Number and value of every field in order: varints unsigned, everything else as its bytes.

    Raises `FormatError` for a length beyond the end, field number 0, the long abandoned groups, and more
    than `most` fields.
    """
    position = count = 0
    while position < len(message):
        count += 1
        if count > most:
            raise FormatError(f"a protocol buffer has more than {most} fields")
        tag, position = varint(message, position)
        number, wire_type = tag >> 3, tag & 7
        if not number:
            raise FormatError("a protocol buffer field has the number 0")
        if wire_type == VARINT:
            value, position = varint(message, position)
            yield number, value
            continue
        if wire_type == LENGTH_DELIMITED:
            size, position = varint(message, position)
        elif wire_type in FIXED_SIZES:
            size = FIXED_SIZES[wire_type]
        else:
            raise FormatError(f"a protocol buffer field has the unsupported wire type {wire_type}")
        if size > len(message) - position:
            raise FormatError("a protocol buffer field reaches beyond the end of its message")
        yield number, message[position : position + size]
        position += size


def chunk(value: Value) -> memoryview:
    """The value of a field that holds bytes, a string, a message or packed numbers."""
    if isinstance(value, int):
        raise FormatError("a protocol buffer field holds a number in place of bytes")
    return value


def text(value: Value) -> str:
    """The value of a string field that is a name: it ends up in messages, which are one line of text."""
    if len(chunk(value)) > MAX_NAME_BYTES:
        raise FormatError(f"a name is longer than {MAX_NAME_BYTES} bytes")
    try:
        name = str(chunk(value), "utf-8")
    except UnicodeDecodeError as error:
        raise FormatError("a name is not valid UTF-8") from error
    if not name.isprintable():
        raise FormatError(f"a name holds control characters, {name[:80]!r},")
    return name


def unsigned(value: Value) -> int:
    """The value of a field of an unsigned or an enumerated type."""
    if not isinstance(value, int):
        raise FormatError("a protocol buffer field holds bytes in place of a number")
    return value


def signed(value: Value) -> int:
    """The value of an int32 or int64 field: negative numbers are stored in two's complement."""
    number = unsigned(value)
    return number - (1 << 64) if number >> 63 else number


def packed_varints(data: memoryview) -> Iterator[NDArray[np.uint64]]:
    """Integers stored one behind the other, in parts; a column of bytes at a time."""
    stream = np.frombuffer(data, np.uint8)
    while len(stream):
        part = stream[:PACKED_PART]
        ends = np.flatnonzero(part < 0x80)
        if not len(ends):
            raise FormatError("an integer is cut short or longer than ten bytes")
        starts = np.concatenate(([0], ends[:-1] + 1))
        lengths = ends - starts + 1
        if lengths.max() > MAX_VARINT_BYTES:
            raise FormatError("an integer is longer than ten bytes")
        values = np.zeros(len(ends), np.uint64)
        for index in range(lengths.max()):
            present = lengths > index
            digits = (part[starts[present] + index] & 0x7F).astype(np.uint64)
            values[present] |= digits << np.uint64(7 * index)
        yield values
        stream = stream[ends[-1] + 1 :]


def encoded(number: int, value: int | bytes) -> bytes:
    """One field as it is written: an unsigned varint, or bytes with their length."""
    if isinstance(value, int):
        return _varint(number << 3 | VARINT) + _varint(value)
    return _varint(number << 3 | LENGTH_DELIMITED) + _varint(len(value)) + value


def _varint(value: int) -> bytes:
    groups = [value >> shift & 0x7F for shift in range(0, max(value.bit_length(), 1), 7)]
    return bytes([*(group | 0x80 for group in groups[:-1]), groups[-1]])
