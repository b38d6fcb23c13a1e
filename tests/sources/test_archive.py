"""Honest archives are extracted whole; hostile ones write nothing, and the error names the member."""

import io
import tarfile
from pathlib import Path

import pytest
from helpers.archives import (
    BAD_NAMES,
    COLLISIONS,
    COMPRESSORS,
    FILES,
    HEADERS,
    LINKS,
    files_under,
    member,
    record,
    tar,
    unpack,
)

from inception_hub.errors import FormatError, HandleError, OutputError
from inception_hub.sources.archive import Limits, extract, is_archive


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


@pytest.mark.parametrize("kind", LINKS)
def test_only_plain_files_and_directories(tmp_path: Path, kind: str) -> None:
    name = "LongLink" if "long target" in kind else "evil"
    kinds = "a link" if "link" in kind else "a sparse file" if "sparse" in kind else "a (device|special file)"
    message = f"{name}', {kinds}, but only plain files and directories are accepted"
    with pytest.raises(FormatError, match=message):
        unpack(tmp_path, tar(LINKS[kind], member("evil/file", b"x")))
    assert not files_under(tmp_path / "out")


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


@pytest.mark.parametrize("case", COLLISIONS)
def test_names_that_meet_in_one_file_are_refused(tmp_path: Path, case: str) -> None:
    first, second = (member(name, b"x") for name in COLLISIONS[case])
    with pytest.raises(FormatError, match="one file on some systems"):
        unpack(tmp_path, tar(first, second))


def test_folders_may_be_listed_again_and_late(tmp_path: Path) -> None:
    folder = member("a/", kind=tarfile.DIRTYPE)
    assert unpack(tmp_path, tar(member("a/file", b"x"), folder, folder)) == {"a/file": b"x"}


def test_a_damaged_header_is_noticed_wherever_it_stands(tmp_path: Path) -> None:
    first = member("a", b"x")
    content = bytearray(tar(first, member("b", b"x")))
    content[len(first)] ^= 1
    with pytest.raises(FormatError, match="corrupt or not a tar archive"):
        unpack(tmp_path, bytes(content))


@pytest.mark.parametrize("kind", [tarfile.GNUTYPE_LONGNAME, tarfile.XHDTYPE, tarfile.XGLTYPE])
@pytest.mark.parametrize("size", [20_000, 1 << 40, -512])
def test_headers_are_not_read_whatever_their_size(tmp_path: Path, kind: bytes, size: int) -> None:
    with pytest.raises(FormatError, match=f"has a header of {size} bytes"):
        unpack(tmp_path, tar(member("n", kind=kind, size=size), bytes(20_480), member("evil", b"x")))


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


def test_many_files_stop_at_the_total(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="expands to more than 50000 bytes"):
        unpack(tmp_path, tar(*(member(f"{i}", bytes(15_000)) for i in range(4))), SMALL)


def test_members_and_the_folders_they_imply_are_counted(tmp_path: Path) -> None:
    assert len(unpack(tmp_path, tar(*(member(f"{i}") for i in range(5))), SMALL)) == 5
    for members in ([member(f"more/{i}") for i in range(6)], [member("a/b/c/d/e/f")]):
        with pytest.raises(FormatError, match="holds more than 5"):
            unpack(tmp_path, tar(*members), SMALL)


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
