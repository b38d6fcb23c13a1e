"""Zip archives: what NumPy and PyTorch write is opened; long lists of members and other packing are not."""

import io
import tracemalloc
import zipfile

import pytest

from inception_hub.system.zip_files import MAX_DIRECTORY, open_zip


def archive(method: int, members: int = 1) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as made:
        for number in range(members):
            made.writestr(f"{number}", bytes(100_000))
    return file.getvalue()


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_what_numpy_and_pytorch_write_is_opened(method: int) -> None:
    with io.BytesIO(archive(method, 3)) as file, open_zip(file) as opened:
        assert opened.namelist() == ["0", "1", "2"]
        assert all(opened.read(name) == bytes(100_000) for name in opened.namelist())


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_what_unpacks_to_a_million_times_its_bytes_is_refused(method: int) -> None:
    with pytest.raises(zipfile.BadZipFile, match="packed in a way that is not read here"):
        open_zip(io.BytesIO(archive(method)))


def test_a_long_list_of_members_is_refused_before_it_is_read() -> None:
    content = archive(zipfile.ZIP_STORED)
    start = content.index(b"PK\1\2")
    entry, end = content[start:-22], content[-22:]
    many = MAX_DIRECTORY // len(entry) + 1
    size = (many * len(entry)).to_bytes(4, "little")
    long = io.BytesIO(content[:start] + entry * many + end[:12] + size + end[16:])
    tracemalloc.start()
    with pytest.raises(zipfile.BadZipFile, match="its list of members has more than 4,194,304 bytes"):
        open_zip(long)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < MAX_DIRECTORY


@pytest.mark.parametrize(("place", "value"), [(6, 133), (8, 1), (8, 1 << 5), (8, 1 << 6)])
def test_a_later_version_and_encrypted_or_patched_members_are_refused(place: int, value: int) -> None:
    content = bytearray(archive(zipfile.ZIP_STORED))
    content[content.index(b"PK\1\2") + place] = value  # of the member in the list: version to read it, flags
    with pytest.raises(zipfile.BadZipFile, match="version 13.3|packed in a way that is not read"):
        open_zip(io.BytesIO(content))


def test_what_is_no_archive_is_refused() -> None:
    with pytest.raises(zipfile.BadZipFile):
        open_zip(io.BytesIO(b"no archive"))
