"""CRC-32C (Castagnoli, RFC 3720), which guards TensorFlow's tables and tensors; NumPy does the bytes.

A CRC is the remainder of a polynomial over GF(2), thus linear: four bytes followed by k zero bytes leave the
remainder that some other four bytes alone leave, and finding those is a look-up in four tables of 256. So a
message folds onto itself: a row of bytes, moved on by its own length, is added to the next row, until one
row is left; then its first half onto its second, down to one 32-bit word. 45 MB take 0.1 s.
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray

POLYNOMIAL = 0x82F63B78  # bits reversed, as the register shifts to the right
# A CRC starts from a register of ones. Started from zero, these four bytes before the message bring the
# register to ones; and zeros before those change nothing, which lets any length fill its first row.
PRELUDE = np.array([0x54, 0x64, 0x1F, 0x64], np.uint8)
MAX_LEVEL = 14  # rows of 2 ** 14 words, 64 KiB, which the processor's cache holds

Words = NDArray[np.uint32]


def crc32c(data: bytes | bytearray | memoryview | NDArray[np.uint8]) -> int:
    """The checksum of `data`: 0xE3069283 for b"123456789"."""
    stream = np.frombuffer(data, np.uint8)
    level = min(max(len(stream) // 4, 1).bit_length() - 1, MAX_LEVEL)
    width = 4 << level
    ragged = len(stream) % width
    first = np.zeros(2 * width, np.uint8)
    first[2 * width - ragged - 4 : 2 * width - ragged] = PRELUDE
    first[2 * width - ragged :] = stream[:ragged]
    rows = first.view("<u4").reshape(2, -1)
    row = _move(_tables(level), rows[0]) ^ rows[1]
    for following in stream[ragged:].view("<u4").reshape(-1, width // 4):
        row = _move(_tables(level), row) ^ following
    while level:
        level -= 1
        row = _move(_tables(level), row[: 1 << level]) ^ row[1 << level :]
    return int(_move(_tables(0), row)[0]) ^ 0xFFFFFFFF


def masked_crc32c(data: bytes | bytearray | memoryview | NDArray[np.uint8]) -> int:
    """The checksum as TensorFlow and LevelDB store it, so that data may hold checksums of its own parts."""
    crc = crc32c(data)
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def _move(tables: Words, words: Words) -> Words:
    """Every word moved on by the distance that `tables` stand for."""
    columns = words.view(np.uint8).reshape(-1, 4)
    return (
        tables[0][columns[:, 0]]
        ^ tables[1][columns[:, 1]]
        ^ tables[2][columns[:, 2]]
        ^ tables[3][columns[:, 3]]
    )


@cache
def _images(level: int) -> Words:
    """What each of the 32 bits of a word becomes when moved on by 2 ** level words."""
    if level:
        return _move(_tables(level - 1), _images(level - 1))
    images: list[int] = []
    for bit in range(32):
        register = 1 << bit
        for _ in range(32):
            register = register >> 1 ^ (POLYNOMIAL if register & 1 else 0)
        images.append(register)
    return np.array(images, np.uint32)


@cache
def _tables(level: int) -> Words:
    """[4, 256]: what each value of each byte of a word becomes when moved on by 2 ** level words."""
    tables = np.zeros((4, 256), np.uint32)
    for bit, image in enumerate(_images(level)):
        known = 1 << bit % 8
        tables[bit // 8, known : 2 * known] = tables[bit // 8, :known] ^ image
    return tables
