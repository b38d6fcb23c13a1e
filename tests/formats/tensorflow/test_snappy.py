import pytest
from helpers.tensorflow_samples import examples, varint
from hypothesis import given
from hypothesis import strategies as st

from inception_hub.errors import FormatError
from inception_hub.formats.tensorflow.snappy import decompress


def literal(data: bytes) -> bytes:
    size = len(data) - 1
    if size < 60:
        return bytes([size << 2]) + data
    count = (size.bit_length() + 7) // 8
    return bytes([59 + count << 2]) + size.to_bytes(count, "little") + data


def copy(offset: int, length: int, form: int) -> bytes:
    if form == 1:
        return bytes([offset >> 8 << 5 | length - 4 << 2 | 1, offset & 0xFF])
    return bytes([length - 1 << 2 | form]) + offset.to_bytes(2 if form == 2 else 4, "little")


@st.composite
def blocks(draw: st.DrawFn) -> tuple[bytes, bytes]:
    """Elements of every kind, and what they stand for, built up a byte at a time."""
    output = bytearray(draw(st.binary(min_size=1, max_size=80)))
    elements = literal(bytes(output))
    for form in draw(st.lists(st.integers(0, 3), max_size=12)):
        if form == 0:
            data = draw(st.binary(min_size=1, max_size=300))
            elements += literal(data)
            output += data
        else:
            offset = draw(st.integers(1, min(len(output), 2047)))
            length = draw(st.integers(4, 11) if form == 1 else st.integers(1, 64))
            elements += copy(offset, length, form)
            for _ in range(length):
                output.append(output[-offset])
    return varint(len(output)) + elements, bytes(output)


@examples
@given(blocks())
def test_every_element(sample: tuple[bytes, bytes]) -> None:
    compressed, content = sample
    assert decompress(memoryview(compressed), limit=len(content)) == content


@pytest.mark.parametrize("size", [1, 59, 60, 61, 62, 256, 257, 65_536, 65_537])
def test_literals_of_every_length(size: int) -> None:
    """From 61 bytes on, the length follows in one to four bytes of its own."""
    content = bytes(number % 251 for number in range(size))
    compressed = memoryview(varint(size + 1) + literal(content) + literal(b"x"))
    assert decompress(compressed, limit=size + 1) == content + b"x"


@examples
@given(blocks(), st.data())
def test_truncation_is_noticed(sample: tuple[bytes, bytes], data: st.DataObject) -> None:
    compressed, _ = sample
    with pytest.raises(FormatError):
        decompress(memoryview(compressed)[: data.draw(st.integers(0, len(compressed) - 1))], limit=1 << 20)


@examples
@given(st.binary(max_size=100))
def test_any_bytes_stay_within_the_limit(data: bytes) -> None:
    try:
        content = decompress(memoryview(data), limit=1000)
    except FormatError:
        return
    assert len(content) <= 1000


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        (varint(1 << 40) + literal(b"a"), "at most 100"),
        (varint(3) + literal(b"a") + copy(2, 2, 2), "from outside"),
        (varint(3) + literal(b"a") + copy(0, 2, 2), "from outside"),
        (varint(3) + literal(b"abcd"), "more than the 3"),
        (varint(5) + literal(b"abcd"), "holds 4 bytes and claims 5"),
        (varint(5) + b"\xfc\xff\xff\xff\xffab", "cut short"),
        (b"", "integer"),
    ],
)
def test_hostile_blocks(data: bytes, complaint: str) -> None:
    with pytest.raises(FormatError, match=complaint):
        decompress(memoryview(data), limit=100)
