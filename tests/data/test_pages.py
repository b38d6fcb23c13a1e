"""Sizes of Parquet's pages, told from their headers: of files that pyarrow wrote, and of hostile ones."""

import io
from pathlib import Path

import numpy as np
import pyarrow
import pyarrow.parquet
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inception_hub.data.pages import MANY, SMALL, Chunk, chunks, largest_page

PHOTOS = [np.random.default_rng(n).bytes(3000 + n) for n in range(40)]


@pytest.mark.parametrize("version", ["1.0", "2.0"])
@pytest.mark.parametrize("compression", ["none", "snappy", "gzip", "zstd", "lz4", "brotli"])
@pytest.mark.parametrize("dictionary", [True, False])
def test_pages_of_ordinary_files(version: str, compression: str, dictionary: bool, tmp_path: Path) -> None:
    table = pyarrow.table({"image": PHOTOS, "label": [n % 3 for n in range(40)], "name": ["x"] * 40})
    pyarrow.parquet.write_table(
        table, tmp_path / "x.parquet", compression=compression, use_dictionary=dictionary,
        data_page_version=version, data_page_size=10_000, row_group_size=25, write_page_index=True,
        write_batch_size=4,
    )  # fmt: skip
    with (tmp_path / "x.parquet").open("rb") as raw:
        groups = chunks(raw)
        assert [[part.path for part in group] for group in groups] == [
            [("image",), ("label",), ("name",)]
        ] * 2
        assert all(part.nulls == 0 for group in groups for part in group)
        for group, photos in zip(groups, (PHOTOS[:25], PHOTOS[25:]), strict=True):
            sizes = [largest_page(raw, part) for part in group]
            total = sum(map(len, photos))
            assert 3000 < sizes[0] < total + 1000 and 0 < sizes[1] < 500 and 0 < sizes[2] < 300
            assert dictionary or sizes[0] < 20_000


def test_a_page_that_expands_is_refused(tmp_path: Path) -> None:
    table = pyarrow.table({"image": [bytes(SMALL), b"a"]})
    pyarrow.parquet.write_table(table, tmp_path / "x.parquet", compression="zstd")
    with (tmp_path / "x.parquet").open("rb") as raw:
        with pytest.raises(ValueError, match=r"a page of [\d,]+ bytes that unpacks to 67,1"):
            largest_page(raw, chunks(raw)[0][0])


@pytest.mark.parametrize("version", ["1.0", "2.0"])
def test_many_values_in_few_bytes_are_refused(version: str, tmp_path: Path) -> None:
    for count in (MANY - 1, MANY):  # and one in the dictionary
        table = pyarrow.table({"label": np.zeros(count, np.uint8)})
        pyarrow.parquet.write_table(
            table, tmp_path / "x.parquet", row_group_size=count, data_page_version=version
        )
        with (tmp_path / "x.parquet").open("rb") as raw:
            part = chunks(raw)[0][0]
            assert part.size < 100_000
            if count < MANY:
                largest_page(raw, part)
            else:
                with pytest.raises(ValueError, match=r"16,777,2\d\d values in [\d,]+ bytes"):
                    largest_page(raw, part)


def varint(value: int) -> bytes:
    return bytes([value & 127 | 128]) + varint(value >> 7) if value > 127 else bytes([value])


def header(unpacked: int, packed: int) -> bytes:
    """The header of a page, its sizes as they may be claimed."""
    return b"\x15\0\x15" + varint(unpacked << 1) + b"\x15" + varint(packed << 1)


def chunk(content: bytes) -> Chunk:
    return Chunk(("image",), 4, len(content) - 4, None)


def test_what_headers_claim() -> None:
    honest = b"PAR1" + header(500, 10) + b"\x2c\x15\x02\x18\3abc\0\0" + bytes(10) + header(90, 5) + b"\0abcde"
    assert largest_page(io.BytesIO(honest), chunk(honest)) == 500
    for pages in (
        header((1 << 31) - 1, 10) + b"\0",
        header(SMALL + 1, 10) + b"\0",
        header(500, 10),  # without an end
        b"\x15\1\0",  # less than nothing
        b"\0",
        header(5, 5) + b"\x19\xf5" + b"\xff" * 9,  # a list
        header(5, 5) + b"\x18\xff\xff\xff\xff\x7f",  # a text of 34 GB
        header(5, 5) + b"\x1c" * 1000,  # structures in structures
        b"\x15" + b"\xff" * 40,
    ):
        content = b"PAR1" + pages
        with pytest.raises(ValueError, match="a damaged page|that unpacks to"):
            largest_page(io.BytesIO(content), chunk(content))


@given(st.binary(max_size=60))
def test_hostile_headers(content: bytes) -> None:
    try:
        largest_page(io.BytesIO(b"PAR1" + content), chunk(b"PAR1" + content))
    except ValueError:
        return


@given(st.binary(max_size=60))
def test_hostile_descriptions(content: bytes) -> None:
    file = b"PAR1" + content + len(content).to_bytes(4, "little") + b"PAR1"
    try:
        assert chunks(io.BytesIO(file)) == []
    except ValueError:
        return


def test_parts_of_structures_and_what_is_missing(tmp_path: Path) -> None:
    table = pyarrow.table({"image": [{"bytes": b"a", "path": "a.png"}, {"bytes": None, "path": "b.png"}]})
    pyarrow.parquet.write_table(table, tmp_path / "x.parquet")
    with (tmp_path / "x.parquet").open("rb") as raw:
        (group,) = chunks(raw)
    assert [(part.path, part.nulls) for part in group] == [(("image", "bytes"), 1), (("image", "path"), 0)]


@pytest.mark.parametrize("length", [0, 1 << 31])
def test_a_description_of_no_length(length: int) -> None:
    with pytest.raises(ValueError, match="a damaged description"):
        chunks(io.BytesIO(b"PAR1" + length.to_bytes(4, "little") + b"PAR1"))
