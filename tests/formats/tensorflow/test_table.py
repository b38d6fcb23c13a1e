import pytest
from helpers.tensorflow_samples import MAGIC, SAMPLES, block, examples, table, varint
from hypothesis import given
from hypothesis import strategies as st

from inception_hub.errors import FormatError
from inception_hub.formats.tensorflow import snappy
from inception_hub.formats.tensorflow import table as reader
from inception_hub.formats.tensorflow.table import read_table

ENTRIES = st.dictionaries(st.binary(max_size=20), st.binary(max_size=50)).map(lambda d: sorted(d.items()))


@examples
@given(ENTRIES, st.integers(1, 5))
def test_entries_come_back_in_order(entries: list[tuple[bytes, bytes]], size: int) -> None:
    blocks = [block(*entries[start : start + size]) for start in range(0, len(entries), size)]
    assert list(read_table(table(*blocks))) == entries


def test_prefix_compression_of_tensorflows_own_writer() -> None:
    keys = [key for key, _ in read_table((SAMPLES / "v2.index").read_bytes())]
    assert keys == sorted(keys)
    assert {b"", b"dtypes/float16", b"dtypes/float64", b"parts/rows"} < set(keys)


def test_uncompressed_values_are_views() -> None:
    data = table(block((b"key", b"value")))
    assert [value.obj for _, value in read_table(data)] == [data]


@examples
@given(st.binary(max_size=200))
def test_any_bytes_are_refused(data: bytes) -> None:
    for hostile in (data, data + MAGIC, data + bytes(40) + MAGIC):
        with pytest.raises(FormatError):
            list(read_table(hostile))


@examples
@given(st.binary(max_size=100))
def test_any_block_with_a_right_checksum_is_read_or_refused(content: bytes) -> None:
    for kind in (0, 1):
        try:
            list(read_table(table(content, kind=kind)))
        except FormatError:
            continue


ONE = block((b"a", b"1"))


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        (b"", "footer"),
        (table(ONE)[:-1], "footer"),
        (table(ONE)[1:], "checksum mismatch|beyond"),
        (table(ONE, kind=2), "compression 2"),
        (table(b"ab"), "directory"),
        (table(varint(0) * 3 + b"\xff" * 4), "directory"),
        (table(ONE, handles=[(0, 1 << 62)]), "beyond the end"),
        (table(ONE, handles=[(0, len(ONE))] * 2), "overlap"),
        (table(block((b"b", b"")), ONE), "ascending"),
        (table(ONE, ONE), "ascending"),
        (table(block((b"a", b""), shared=1)), "beyond its block"),
        (table(block((b"k" * 1025, b""))), "longer than 1024"),
    ],
)
def test_hostile_tables(data: bytes, complaint: str) -> None:
    with pytest.raises(FormatError, match=complaint):
        list(read_table(data))


def test_the_number_of_entries_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "MAX_ENTRIES", 2)
    with pytest.raises(FormatError, match="more than 2 entries"):
        list(read_table(table(block((b"a", b""), (b"b", b""), (b"c", b"")))))


def test_the_number_of_blocks_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "MAX_BLOCKS", 2)
    with pytest.raises(FormatError, match="more than 2 blocks"):
        list(read_table(table(block(), block(), block())))


def test_what_is_compressed_is_bounded() -> None:
    zeros = varint(8 << 20) + b"\0\0" + (b"\xfe\x01\0" * ((1 << 17) - 1)) + b"\xfa\x01\0"
    assert len(snappy.decompress(memoryview(zeros), 8 << 20)) == 8 << 20
    budget = reader._Budget(len(zeros), 9 << 20)
    budget.decompress(memoryview(zeros))
    with pytest.raises(FormatError, match="more than 32 MiB of compressed blocks"):
        budget.decompress(memoryview(zeros))
    budget = reader._Budget(1 << 30, 9 << 20)
    budget.decompress(memoryview(zeros))
    with pytest.raises(FormatError, match="claims 8388608 bytes where at most 1048576 are possible"):
        budget.decompress(memoryview(zeros))
