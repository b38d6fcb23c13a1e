"""Whether an Arrow stream holds compressed columns, from the descriptions of its messages.

A compressed column is unpacked whole, and a few kilobytes may become gigabytes.
Format: Message.fbs of Apache Arrow, in FlatBuffers.
"""

import struct
from typing import Any

HEADER_TYPE, HEADER = 1, 2  # fields of a message
DICTIONARY_BATCH, RECORD_BATCH = 2, 3  # types of header
DATA = 1  # field of a dictionary batch: its record batch
COMPRESSION = 3  # field of a record batch


def has_compressed_columns(messages: Any) -> bool:
    """Whether any of `messages` (pyarrow's `MessageReader`) is a compressed batch.

    Raises `ValueError` for a damaged description, and what pyarrow raises.
    """
    try:
        return any(_is_compressed(message.metadata.to_pybytes()) for message in messages)
    except (struct.error, IndexError) as error:
        raise ValueError("a damaged description") from error


def _is_compressed(description: bytes) -> bool:
    message = _table(description, 0)
    header_type = _field(description, message, HEADER_TYPE)
    header = _field(description, message, HEADER)
    if header_type is None or header is None:
        return False
    batch = _table(description, header)
    if description[header_type] == DICTIONARY_BATCH:
        data = _field(description, batch, DATA)
        return data is not None and _field(description, _table(description, data), COMPRESSION) is not None
    return description[header_type] == RECORD_BATCH and _field(description, batch, COMPRESSION) is not None


def _table(content: bytes, place: int) -> int:
    """Where the table is that the offset at `place` points to."""
    return place + struct.unpack_from("<I", content, place)[0]


def _field(content: bytes, table: int, number: int) -> int | None:
    """Where field `number` of the `table` is; None where the table leaves it out."""
    fields = table - struct.unpack_from("<i", content, table)[0]
    size = struct.unpack_from("<H", content, fields)[0]
    slot = 4 + 2 * number
    offset = struct.unpack_from("<H", content, fields + slot)[0] if slot < size else 0
    return table + offset if offset else None
