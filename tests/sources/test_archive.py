"""Honest archives come out whole; hostile ones cost nothing and name the member."""

import bz2
import gzip
import io
import lzma
import shutil
import tarfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from inception_hub.errors import FormatError, HandleError, OutputError
from inception_hub.sources.archive import LIMITS, Limits, extract, is_archive

FILES = {
    "saved_model.pb": b"graph" * 1000,
    "variables/variables.index": b"",
    "variables/data": bytes(range(256)),
}
COMPRESSORS: dict[str, Callable[[bytes], bytes]] = {
    "tar": bytes,
    "gzip": gzip.compress,
    "bzip2": bz2.compress,
    "xz": lzma.compress,
}


def member(name: str, data: bytes = b"", kind: bytes = tarfile.REGTYPE, **fields: object) -> bytes:
    """One member as GNU tar writes it, header and padded data."""
    info = tarfile.TarInfo(name)
    info.size, info.type = len(data), kind
    for field, value in fields.items():
        setattr(info, field, value)
    return info.tobuf(tarfile.GNU_FORMAT) + data + bytes(-len(data) % 512)


def tar(*members: bytes) -> bytes:
    return b"".join(members) + bytes(1024)


def record(key: str, value: str) -> bytes:
    """A PAX record, its own length included."""
    body = f" {key}={value}\n".encode()
    length = len(body) + 1
    while len(str(length)) + len(body) != length:
        length += 1
    return str(length).encode() + body


def unpack(tmp_path: Path, content: bytes, limits: Limits = LIMITS) -> dict[str, bytes]:
    archive = tmp_path / "module.bin"
    archive.write_bytes(content)
    extract(archive, tmp_path / "out", limits=limits)
    return {p.relative_to(tmp_path / "out").as_posix(): p.read_bytes() for p in files_under(tmp_path / "out")}


def files_under(directory: Path) -> list[Path]:
    return [path for path in directory.rglob("*") if path.is_file()]


@pytest.mark.parametrize("compressor", COMPRESSORS)
@pytest.mark.parametrize("tar_format", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_whole_archives_come_out_whole(tmp_path: Path, compressor: str, tar_format: int) -> None:
    buffer = io.BytesIO()
    files = {**FILES, "variables/" + "ä" * 50 + "/" + "b" * 60: b"long name"}
    with tarfile.open(fileobj=buffer, mode="w", format=tar_format) as writer:
        for directory in (".", "./assets", "./variables"):
            info = tarfile.TarInfo(directory)
            info.type = tarfile.DIRTYPE
            writer.addfile(info)
        for name, data in files.items():
            info = tarfile.TarInfo(f"./{name}")
            info.size, info.mtime = len(data), 1.5
            writer.addfile(info, io.BytesIO(data))
    assert unpack(tmp_path, COMPRESSORS[compressor](buffer.getvalue())) == files
    assert (tmp_path / "out" / "assets").is_dir()
    assert is_archive(tmp_path / "module.bin")


@pytest.mark.parametrize(
    "content", [b"", b"text", bytes(512), b"\x57\xfb" * 300, b"\x89PNG\r\n\x1a\n" + bytes(600)], ids=str
)
def test_other_files_are_no_archives(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "module.tar.gz").write_bytes(content)
    assert not is_archive(tmp_path / "module.tar.gz")
    assert not is_archive(tmp_path / "missing.tar")
    assert not is_archive(tmp_path)


def test_zip_files_are_refused_by_name_of_the_kinds_accepted(tmp_path: Path) -> None:
    with pytest.raises(
        FormatError, match=r"is a zip file; the archives accepted are tar, tar\.gz, tar\.bz2 and"
    ):
        unpack(tmp_path, b"PK\x03\x04" + bytes(100))
    assert is_archive(tmp_path / "module.bin")


LINKS = {
    "symbolic link": member("evil", kind=tarfile.SYMTYPE, linkname="/etc/passwd"),
    "hard link": member("evil", kind=tarfile.LNKTYPE, linkname="../secret"),
    "link with a long target": member("././@LongLink", b"x" * 200, tarfile.GNUTYPE_LONGLINK),
    "character device": member("evil", kind=tarfile.CHRTYPE),
    "block device": member("evil", kind=tarfile.BLKTYPE),
    "fifo": member("evil", kind=tarfile.FIFOTYPE),
    "contiguous file": member("evil", b"x", tarfile.CONTTYPE),
    "sparse file": member("evil", b"x", tarfile.GNUTYPE_SPARSE),
    "sparse file by PAX": member("p", record("GNU.sparse.major", "1"), tarfile.XHDTYPE)
    + member("evil", b"x"),
    "unknown kind": member("evil", b"x", b"Z"),
}


@pytest.mark.parametrize("kind", LINKS)
def test_only_plain_files_and_directories(tmp_path: Path, kind: str) -> None:
    name = "LongLink" if "long target" in kind else "evil"
    with pytest.raises(FormatError, match=f"{name}.*only plain files and directories are accepted"):
        unpack(tmp_path, tar(LINKS[kind], member("evil/file", b"x")))
    assert not files_under(tmp_path / "out")


BAD_NAMES = {
    "/etc/passwd": "is absolute",
    "../evil": "leads out",
    "a/../../evil": "leads out",
    "..": "leads out",
    "a\\..\\evil": "not allowed in file names",
    "C:evil": "not allowed in file names",
    "a\x1b[2Jevil": "not allowed in file names",
    "a\nevil": "not allowed in file names",
    "evil.": "no file name on every system",
    "evil /file": "no file name on every system",
    "a/NUL": "no file name on every system",
    "com1.txt": "no file name on every system",
    "./": "no file name on every system",
    "a/" * 16 + "evil": "more than 16 parts",
    "a" * 256: "longer than 255 bytes",
    "a/" * 512 + "evil": "longer than 1024 bytes",
}


@pytest.mark.parametrize("name", BAD_NAMES)
def test_paths_that_leave_or_trick_are_refused(tmp_path: Path, name: str) -> None:
    long = member("././@LongLink", name.encode() + b"\0", tarfile.GNUTYPE_LONGNAME)
    pax = member("p", record("path", name), tarfile.XHDTYPE)
    for prefix in (long, pax):
        with pytest.raises(FormatError, match=BAD_NAMES[name]) as caught:
            unpack(tmp_path, tar(prefix, member("innocent", b"x")))
        assert "\n" not in str(caught.value) and "\x1b" not in str(caught.value)
        assert len(str(caught.value)) < 500 + len(str(tmp_path))
        assert not (tmp_path / "out").exists()


def test_nul_and_undecodable_bytes_in_names_are_refused(tmp_path: Path) -> None:
    for raw in (b"evil\0.txt\0", b"evil\xff\0"):
        with pytest.raises(FormatError, match="evil.*not allowed in file names"):
            unpack(tmp_path, tar(member("././@LongLink", raw, tarfile.GNUTYPE_LONGNAME), member("x")))


COLLISIONS = {
    "twice": ("a/file", "a/file"),
    "case": ("Weights", "weights"),
    "folder's case": ("A/one", "a/two"),
    "composed and decomposed": ("caf\u00e9", "cafe\u0301"),
    "sharp s": ("stra\u00dfe", "STRASSE"),
    "file as a folder": ("a", "a/file"),
    "folder as a file": ("a/file", "a"),
    "spelled differently": ("./a//file", "a/./file"),
}


@pytest.mark.parametrize("case", COLLISIONS)
def test_names_that_meet_in_one_file_are_refused(tmp_path: Path, case: str) -> None:
    first, second = (member(name, b"x") for name in COLLISIONS[case])
    with pytest.raises(FormatError, match="one file on some systems"):
        unpack(tmp_path, tar(first, second))


def test_folders_may_be_listed_again_and_late(tmp_path: Path) -> None:
    folder = member("a/", kind=tarfile.DIRTYPE)
    assert unpack(tmp_path, tar(member("a/file", b"x"), folder, folder)) == {"a/file": b"x"}


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


def test_a_damaged_header_is_noticed_wherever_it_stands(tmp_path: Path) -> None:
    first = member("a", b"x")
    content = bytearray(tar(first, member("b", b"x")))
    content[len(first)] ^= 1
    with pytest.raises(FormatError, match="corrupt or not a tar archive"):
        unpack(tmp_path, bytes(content))


def test_a_compressed_file_that_is_no_tar_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="not a tar archive"):
        unpack(tmp_path, gzip.compress(b"only text, " * 100))


@pytest.mark.parametrize("kind", [tarfile.GNUTYPE_LONGNAME, tarfile.XHDTYPE, tarfile.XGLTYPE])
@pytest.mark.parametrize("size", [20_000, 1 << 40, -512])
def test_headers_are_not_read_whatever_their_size(tmp_path: Path, kind: bytes, size: int) -> None:
    with pytest.raises(FormatError, match=f"has a header of {size} bytes"):
        unpack(tmp_path, tar(member("n", kind=kind, size=size), bytes(20_480), member("evil", b"x")))


HEADERS = {
    "negative size": member("n", size=-512),
    "PAX without a length": member("n", b"path=evil\n", tarfile.XHDTYPE),
    "PAX of length zero": member("n", b"0 path=evil\n", tarfile.XHDTYPE),
    "PAX longer than its header": member("n", b"99 path=evil\n", tarfile.XHDTYPE),
    "PAX of digits only": member("n", b"9" * 16000, tarfile.XHDTYPE),
    "PAX with a negative size": member("n", record("size", "-1"), tarfile.XHDTYPE) + member("evil"),
    "PAX with a size of many digits": member("n", record("size", "9" * 5000), tarfile.XHDTYPE)
    + member("evil"),
    "one path for all": member("n", record("path", "evil"), tarfile.XGLTYPE),
}


@pytest.mark.parametrize("case", HEADERS)
def test_headers_that_lie_are_refused(tmp_path: Path, case: str) -> None:
    with pytest.raises(FormatError):
        unpack(tmp_path, tar(HEADERS[case], member("evil", b"x")))
    assert not (tmp_path / "out").exists()


def test_pax_size_and_path_count(tmp_path: Path) -> None:
    header = member(
        "p", record("path", "real") + record("size", "3") + record("mtime", "1.5"), tarfile.XHDTYPE
    )
    comment = member("g", record("comment", "any"), tarfile.XGLTYPE)
    assert unpack(tmp_path, tar(comment, header, member("other", b"abc", size=0), member("next", b"x"))) == {
        "real": b"abc",
        "next": b"x",
    }


SMALL = Limits(members=5, size=50_000, ratio=10, floor=10_000)


def test_a_size_beyond_the_limit_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="expands to more than"):
        unpack(tmp_path, tar(member("bomb", size=1 << 62)))
    assert not (tmp_path / "out").exists()


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


def test_many_files_stop_at_the_total(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="expands to more than 50000 bytes"):
        unpack(tmp_path, tar(*(member(f"{i}", bytes(15_000)) for i in range(4))), SMALL)


def test_members_and_the_folders_they_imply_are_counted(tmp_path: Path) -> None:
    assert len(unpack(tmp_path, tar(*(member(f"{i}") for i in range(5))), SMALL)) == 5
    for members in ([member(f"more/{i}") for i in range(6)], [member("a/b/c/d/e/f")]):
        with pytest.raises(FormatError, match="holds more than 5"):
            unpack(tmp_path, tar(*members), SMALL)


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


def test_existing_files_are_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "a").write_bytes(b"mine")
    with pytest.raises(OutputError, match="cannot be written"):
        unpack(tmp_path, tar(member("a", b"x")))
    assert (tmp_path / "out" / "a").read_bytes() == b"mine"


def test_modes_are_not_restored(tmp_path: Path) -> None:
    unpack(tmp_path, tar(member("a", b"x", mode=0o6777)))
    assert not (tmp_path / "out" / "a").stat().st_mode & 0o6111


def test_an_archive_that_cannot_be_opened(tmp_path: Path) -> None:
    with pytest.raises(HandleError, match="cannot be read"):
        extract(tmp_path / "missing.tar", tmp_path / "out")
