import numpy as np
import pytest
from helpers.tensorflow_samples import examples, message, varint
from hypothesis import given
from hypothesis import strategies as st

from inception_hub.errors import FormatError
from inception_hub.formats.tensorflow import protobuf

NUMBERS = st.integers(0, (1 << 64) - 1)
FIELDS = st.lists(st.tuples(st.integers(1, (1 << 29) - 1), st.one_of(NUMBERS, st.binary(max_size=300))))


@examples
@given(NUMBERS, st.binary(max_size=3))
def test_varint(value: int, behind: bytes) -> None:
    data = varint(value)
    assert protobuf.varint(memoryview(b"\x80" + data + behind), 1) == (value, 1 + len(data))


@pytest.mark.parametrize("data", [b"", b"\x80", b"\xff" * 9, b"\xff" * 10 + b"\x01", b"\xff" * 9 + b"\x02"])
def test_varint_refuses_the_endless_and_the_oversized(data: bytes) -> None:
    with pytest.raises(FormatError, match="integer"):
        protobuf.varint(memoryview(data), 0)


@examples
@given(FIELDS)
def test_fields_come_back_in_order(fields: list[tuple[int, int | bytes]]) -> None:
    assert list(protobuf.fields(memoryview(message(*fields)))) == fields


def test_fixed_sizes_come_as_bytes() -> None:
    data = b"\x0d\x01\x02\x03\x04" + b"\x11" + bytes(range(8))
    assert list(protobuf.fields(memoryview(data))) == [(1, b"\x01\x02\x03\x04"), (2, bytes(range(8)))]


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        (b"\x0a\x05abcd", "beyond the end"),
        (b"\x0a" + varint(1 << 63) + b"abcd", "beyond the end"),
        (b"\x0d\x01\x02\x03", "beyond the end"),
        (b"\x09\x01\x02\x03", "beyond the end"),
        (b"\x0b\x0c", "wire type 3"),
        (b"\x0e", "wire type 6"),
        (b"\x02\x00", "number 0"),
        (b"\x08", "cut short"),
        (b"\x08\x00" * 1_001, "more than 1000 fields"),
    ],
)
def test_malformed_messages(data: bytes, complaint: str) -> None:
    with pytest.raises(FormatError, match=complaint):
        list(protobuf.fields(memoryview(data)))


@examples
@given(st.binary(max_size=200))
def test_any_bytes_are_fields_or_refused(data: bytes) -> None:
    try:
        fields = list(protobuf.fields(memoryview(data)))
    except FormatError:
        return
    assert len(fields) <= len(data)


def test_kinds_are_checked() -> None:
    with pytest.raises(FormatError, match="in place of bytes"):
        protobuf.chunk(3)
    with pytest.raises(FormatError, match="in place of a number"):
        protobuf.unsigned(memoryview(b"abc"))
    with pytest.raises(FormatError, match="UTF-8"):
        protobuf.text(memoryview(b"\xff"))
    with pytest.raises(FormatError, match="control characters"):
        protobuf.text(memoryview(b"two\nlines"))
    assert protobuf.text(memoryview("Größe".encode())) == "Größe"
    assert protobuf.signed((1 << 64) - 3) == -3


@examples
@given(st.lists(NUMBERS), st.sampled_from([7, 64, 1 << 20]))
def test_packed_varints(values: list[int], part: int) -> None:
    data = memoryview(b"".join(map(varint, values)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(protobuf, "PACKED_PART", max(part, protobuf.MAX_VARINT_BYTES))
        parts = list(protobuf.packed_varints(data))
    assert np.concatenate([np.empty(0, np.uint64), *parts]).tolist() == values


@pytest.mark.parametrize("data", [b"\x80", b"\x01\x80", b"\x80" * 10 + b"\x01", b"\x80" * 100])
def test_packed_varints_refuse_the_endless(data: bytes) -> None:
    with pytest.raises(FormatError, match="integer"):
        list(protobuf.packed_varints(memoryview(data)))
