"""Compressed archives: damage anywhere is noticed, and none costs more than the limits."""

import gzip
import io
import lzma
import shutil
import zlib
from pathlib import Path

import pytest
from helpers.archives import COMPRESSORS, FILES, member, tar, unpack

from inception_hub.errors import FormatError
from inception_hub.sources.archive import Limits, is_archive
from inception_hub.sources.decompression import decompressed

SMALL = Limits(members=5, size=50_000, ratio=10, floor=10_000)


def test_zip_files_are_refused_by_name_of_the_kinds_accepted(tmp_path: Path) -> None:
    with pytest.raises(
        FormatError, match=r"is a zip file; the archives accepted are tar, tar\.gz, tar\.bz2 and"
    ):
        unpack(tmp_path, b"PK\x03\x04" + bytes(100))
    assert is_archive(tmp_path / "module.bin")


@pytest.mark.parametrize("compressor", COMPRESSORS)
def test_every_truncation_is_noticed(tmp_path: Path, compressor: str) -> None:
    content = COMPRESSORS[compressor](tar(*(member(name, data) for name, data in FILES.items())))
    end = len(content) if compressor != "tar" else len(content) - 1024  # one zero block ends a tar
    for length in {*range(0, end, max(1, end // 20)), end - 1}:
        with pytest.raises(FormatError, match=r"truncated|corrupt"):
            unpack(tmp_path, content[:length])
        shutil.rmtree(tmp_path / "out", ignore_errors=True)


@pytest.mark.parametrize("compressor", ["gzip", "bzip2", "xz"])
def test_damaged_content_is_noticed_by_the_checksum(tmp_path: Path, compressor: str) -> None:
    content = bytearray(COMPRESSORS[compressor](tar(member("file", bytes(range(256)) * 50))))
    content[len(content) // 2] ^= 1
    with pytest.raises(FormatError, match=r"truncated|corrupt"):
        unpack(tmp_path, bytes(content))


def test_a_compressed_file_that_is_no_tar_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="not a tar archive"):
        unpack(tmp_path, gzip.compress(b"only text, " * 100))


@pytest.mark.parametrize("compressor", ["gzip", "bzip2", "xz"])
def test_bombs_stop_at_the_ratio(tmp_path: Path, compressor: str) -> None:
    bomb = COMPRESSORS[compressor](tar(member("bomb", bytes(20_000))))
    with pytest.raises(FormatError, match="expands to more than 10000 bytes"):
        unpack(tmp_path, bomb, SMALL)
    trailing = COMPRESSORS[compressor](tar(member("a")) + bytes(20_000))
    with pytest.raises(FormatError, match="expands to more than 10000 bytes"):
        unpack(tmp_path, trailing, SMALL)


@pytest.mark.parametrize("compressor", ["gzip", "bzip2"])
def test_streams_of_nothing_are_not_read_to_their_end(tmp_path: Path, compressor: str) -> None:
    empty = COMPRESSORS[compressor](b"")
    with pytest.raises(FormatError, match="holds next to nothing"):
        unpack(tmp_path, empty * ((5 << 20) // len(empty)))


def test_xz_that_asks_for_much_memory_is_refused(tmp_path: Path) -> None:
    filters = [{"id": lzma.FILTER_LZMA2, "dict_size": 1 << 20}]
    packed = bytearray(lzma.compress(tar(member("a", b"x")), filters=filters))
    # Block header: size, flags, filter id, size of properties, dictionary size; a checksum ends it.
    assert packed[14:16] == b"\x21\x01"
    packed[16] = 40  # 4 GiB - 1
    length = (packed[12] + 1) * 4
    packed[8 + length : 12 + length] = zlib.crc32(packed[12 : 8 + length]).to_bytes(4, "little")
    with pytest.raises(FormatError, match=r"(?i)memory"):
        unpack(tmp_path, bytes(packed))


@pytest.mark.parametrize("compressor", COMPRESSORS)
def test_no_byte_beyond_those_allowed_is_given(compressor: str) -> None:
    content = COMPRESSORS[compressor](bytes(range(256)) * 4)
    with decompressed(Path("an archive"), io.BytesIO(content), 1000) as stream:
        assert stream.read(600) == (bytes(range(256)) * 4)[:600]
        with pytest.raises(FormatError, match="an archive expands to more than 1000 bytes"):
            stream.read(401)
        assert len(stream.read(400)) == 400
        with pytest.raises(FormatError, match="an archive expands to more than 1000 bytes"):
            stream.drain()
