"""Opens zip archives within bounds: Python's reader makes ten times the bytes of a directory into objects."""

import sys
from typing import Any, BinaryIO
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile

MAX_DIRECTORY = 4 << 20  # bytes of the list of members
PACKED = (ZIP_STORED, ZIP_DEFLATED)  # the others unpack to a million times their bytes
ENCRYPTED, PATCHED, STRONGLY_ENCRYPTED = 1 << 0, 1 << 5, 1 << 6  # flags of members that Python does not read
NOT_READ = ENCRYPTED | PATCHED | STRONGLY_ENCRYPTED


def open_zip(file: BinaryIO) -> ZipFile:
    """The archive in `file`, which stays open when the archive is closed.

    Raises `BadZipFile` for what is none, for one with a longer directory, and for members that are packed in
    another way than NumPy and PyTorch pack them.
    """
    reader = _Reader(file)
    try:
        archive = ZipFile(reader)
    except NotImplementedError as error:  # of a version of the format
        raise BadZipFile(str(error)) from error
    reader.most = sys.maxsize
    if any(each.compress_type not in PACKED or each.flag_bits & NOT_READ for each in archive.infolist()):
        raise BadZipFile("it is packed in a way that is not read here")
    return archive


class _Reader:
    """A file of which at most `most` bytes are read at a time."""

    most = MAX_DIRECTORY

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def read(self, size: int = -1) -> bytes:
        if size > self.most:
            raise BadZipFile(f"its list of members has more than {self.most:,} bytes")
        return self._file.read(size)

    def seek(self, place: int, whence: int = 0) -> int:
        return self._file.seek(place, whence)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)
