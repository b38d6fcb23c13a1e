"""TensorFlow's table: a sorted map from keys to values, LevelDB's file format with its own magic number.

https://github.com/google/leveldb/blob/main/doc/table_format.md. A V1 checkpoint is one such file, the
`.index` of a V2 checkpoint another. From the end: a footer of 48 bytes, an index block that lists the data
blocks, the data blocks. Every block is followed by its kind of compression and a checksum of both.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from ...errors import FormatError
from . import snappy
from .crc32c import masked_crc32c
from .protobuf import varint

FOOTER_SIZE = 48
MAGIC = bytes.fromhex("57fb808b247547db")
TRAILER_SIZE = 5
UNCOMPRESSED, SNAPPY = 0, 1
# Snappy's densest element turns three bytes into 64.
MAX_EXPANSION = 22
# Far beyond any checkpoint of this network. Keys share their beginnings, so without a bound a small
# file could hold keys that fill any memory.
MAX_KEY_SIZE = 1024
MAX_ENTRIES = 20_000
MAX_BLOCKS = 20_000  # TensorFlow's are of 256 KiB
# Plain Python decompresses this much in some ten seconds at worst; float32 weights hardly compress.
MAX_COMPRESSED = 32 << 20
MAX_DECOMPRESSED = 256 << 20


def read_table(data: bytes | memoryview) -> Iterator[tuple[bytes, memoryview]]:
    """Every key with its value, in ascending order of the keys; uncompressed values are views of `data`.

    Checksums are verified block by block as the iteration reaches them. Raises `FormatError` for
    anything but a whole table.
    """
    view = memoryview(data)
    footer = view[-FOOTER_SIZE:]
    if len(footer) < FOOTER_SIZE or footer[-len(MAGIC) :] != MAGIC:
        raise FormatError("the table's footer is missing, so it is cut short or no TensorFlow file")
    view = view[:-FOOTER_SIZE]
    _, position = _handle(footer, 0)
    index, _ = _handle(footer, position)
    budget = _Budget()
    end, count, last_key = 0, 0, None
    for number, (_, value) in enumerate(_entries(_block(view, index, budget))):
        if number >= MAX_BLOCKS:
            raise FormatError(f"the table has more than {MAX_BLOCKS} blocks")
        (offset, size), _ = _handle(value, 0)
        # Blocks stand one behind the other; a file that lists one twice would never end.
        if offset < end:
            raise FormatError("the table's blocks overlap")
        end = offset + size + TRAILER_SIZE
        for key, content in _entries(_block(view, (offset, size), budget)):
            count += 1
            if count > MAX_ENTRIES:
                raise FormatError(f"the table has more than {MAX_ENTRIES} entries")
            if last_key is not None and key <= last_key:
                raise FormatError("the table's keys are not in ascending order")
            last_key = key
            yield key, content


def _handle(data: memoryview, position: int) -> tuple[tuple[int, int], int]:
    """Where a block stands: its offset and size, and the position behind both."""
    offset, position = varint(data, position)
    size, position = varint(data, position)
    return (offset, size), position


@dataclass
class _Budget:
    """How much of a table may still be compressed, in bytes before and after."""

    compressed: int = MAX_COMPRESSED
    decompressed: int = MAX_DECOMPRESSED

    def decompress(self, content: memoryview) -> bytes:
        self.compressed -= len(content)
        if self.compressed < 0:
            raise FormatError(f"the table has more than {MAX_COMPRESSED >> 20} MiB of compressed blocks")
        output = snappy.decompress(content, min(MAX_EXPANSION * len(content), self.decompressed))
        self.decompressed -= len(output)
        return output


def _block(data: memoryview, handle: tuple[int, int], budget: _Budget) -> memoryview:
    offset, size = handle
    if offset + size + TRAILER_SIZE > len(data):
        raise FormatError(f"the block at byte {offset} reaches beyond the end of the table")
    content, kind = data[offset : offset + size], data[offset + size]
    stored = int.from_bytes(data[offset + size + 1 : offset + size + TRAILER_SIZE], "little")
    if masked_crc32c(data[offset : offset + size + 1]) != stored:
        raise FormatError(f"checksum mismatch in the block at byte {offset}")
    if kind == SNAPPY:
        return memoryview(budget.decompress(content))
    if kind != UNCOMPRESSED:
        raise FormatError(f"the block at byte {offset} has the unknown compression {kind}")
    return content


def _entries(block: memoryview) -> Iterator[tuple[bytes, memoryview]]:
    """Keys and values of a block; a key is stored as what differs from the key before it.

    The block ends with the positions of keys stored whole, for a binary search that is not needed here,
    and their number.
    """
    restarts = int.from_bytes(block[-4:], "little")
    end = len(block) - 4 * (restarts + 1)
    if end < 0:
        raise FormatError("a block of the table is too short for its own directory")
    key, position = b"", 0
    while position < end:
        shared, position = varint(block, position)
        unshared, position = varint(block, position)
        size, position = varint(block, position)
        if shared > len(key) or unshared > end - position or size > end - position - unshared:
            raise FormatError("an entry reaches beyond its block")
        if shared + unshared > MAX_KEY_SIZE:
            raise FormatError(f"a key is longer than {MAX_KEY_SIZE} bytes")
        key = key[:shared] + bytes(block[position : position + unshared])
        position += unshared
        yield key, block[position : position + size]
        position += size
