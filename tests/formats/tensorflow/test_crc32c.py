import numpy as np
import pytest
from helpers.tensorflow_samples import examples
from hypothesis import given
from hypothesis import strategies as st

from inception_hub.formats.tensorflow.crc32c import MAX_LEVEL, POLYNOMIAL, crc32c, masked_crc32c


def bit_by_bit(data: bytes) -> int:
    register = 0xFFFFFFFF
    for byte in data:
        register ^= byte
        for _ in range(8):
            register = register >> 1 ^ (POLYNOMIAL if register & 1 else 0)
    return register ^ 0xFFFFFFFF


@pytest.mark.parametrize(
    ("data", "checksum"),
    [
        (b"", 0),
        (b"123456789", 0xE3069283),
        # RFC 3720, appendix B.4
        (bytes(32), 0x8A9136AA),
        (b"\xff" * 32, 0x62A8AB43),
        (bytes(range(32)), 0x46DD794E),
        (bytes(range(31, -1, -1)), 0x113FDB5C),
    ],
)
def test_published_values(data: bytes, checksum: int) -> None:
    assert crc32c(data) == checksum


@examples
@given(st.binary(max_size=300))
def test_every_length_agrees_with_the_definition(data: bytes) -> None:
    assert crc32c(data) == crc32c(memoryview(bytearray(data))) == bit_by_bit(data)


@pytest.mark.parametrize(("rows", "surplus"), [(1, -1), (1, 0), (1, 3), (2, 0), (3, 7)])
def test_long_messages_agree_with_the_definition(rows: int, surplus: int) -> None:
    row = 4 << MAX_LEVEL
    data = np.random.RandomState(rows).bytes(rows * row + surplus)
    assert crc32c(data) == bit_by_bit(data)


def test_unaligned_memory() -> None:
    data = bytes(range(256)) * 5
    assert crc32c(memoryview(data)[3:]) == bit_by_bit(data[3:])


def test_mask() -> None:
    # From LevelDB's crc32c.h: rotated right by 15 bits, plus a constant.
    assert (
        masked_crc32c(b"123456789")
        == (0xE3069283 >> 15 | 0xE3069283 << 17 & 0xFFFFFFFF) + 0xA282EAD8 & 0xFFFFFFFF
    )
    assert masked_crc32c(b"") == 0xA282EAD8
