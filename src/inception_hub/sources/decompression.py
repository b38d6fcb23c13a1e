"""Reads the decompressed bytes of an archive, within bounds on their number, their memory and their input."""

import bz2
import gzip
import io
import lzma
import zlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import BinaryIO, Protocol

from ..errors import FormatError

KINDS = "tar, tar.gz, tar.bz2 and tar.xz"
GZIP, BZIP2, XZ, ZIP = b"\x1f\x8b", b"BZh", b"\xfd7zXZ\0", b"PK\x03\x04"
XZ_MEMORY = 256 << 20  # `xz -9` needs 65 MiB to decompress
CHUNK = 1 << 20
MAX_AHEAD = 4 << 20  # compressed bytes read beyond those that came of them: streams may be empty


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...
    def close(self) -> None: ...


class _Input(io.RawIOBase):
    """The file of an archive; reading fails where much is read and hardly anything comes of it.

    `ahead`: bytes read beyond those that came of them.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file, self.ahead = file, 0

    def read(self, size: int = -1, /) -> bytes:
        data = self._file.read(size)
        self.ahead += len(data)
        if self.ahead > MAX_AHEAD:
            raise EOFError("it holds next to nothing")
        return data

    def seek(self, offset: int, whence: int = 0, /) -> int:
        return self._file.seek(offset, whence)


class _Xz:
    """`lzma.open` with a bound on memory, which the standard library's file object does not offer."""

    def __init__(self, file: _Input) -> None:
        self._file = file
        self._decoder = lzma.LZMADecompressor(lzma.FORMAT_XZ, XZ_MEMORY)

    def read(self, size: int, /) -> bytes:
        while not self._decoder.eof:
            packed = self._file.read(CHUNK) if self._decoder.needs_input else b""
            if self._decoder.needs_input and not packed:
                raise EOFError("the xz stream ends early")
            if unpacked := self._decoder.decompress(packed, size):
                return unpacked
        return b""

    def close(self) -> None:
        """The file belongs to the caller."""


class DecompressedStream:
    """The decompressed bytes of `archive`, never more than `allowed` of them; made by `decompressed`."""

    def __init__(self, archive: Path, stream: _Readable, file: _Input, allowed: int) -> None:
        self._archive, self._stream, self._file = archive, stream, file
        self._allowed, self._left = allowed, allowed

    def error(self, what: str) -> FormatError:
        """An error that says `what` of the archive."""
        return FormatError(f"{self._archive} {what}; give an intact archive ({KINDS}) that you trust.")

    def _some(self, size: int) -> bytes:
        try:
            data = self._stream.read(size)
        except (OSError, EOFError, ValueError, zlib.error, lzma.LZMAError) as error:
            raise self.error(f"is truncated or corrupt ({error})") from error
        self._left -= len(data)
        self._file.ahead = max(0, self._file.ahead - len(data))
        return data

    def require(self, size: int) -> None:
        """Raises `FormatError` if `size` more bytes would pass the limit, before any of them is read."""
        if size > self._left:
            raise self.error(f"expands to more than {self._allowed} bytes, the limit for its size")

    def read(self, size: int) -> bytes:
        """Exactly `size` bytes; raises `FormatError` where they end early, are corrupt or pass the limit."""
        self.require(size)
        parts: list[bytes] = []
        while size:
            parts.append(self._some(min(size, CHUNK)))
            if not parts[-1]:
                raise self.error("is truncated or not a tar archive")
            size -= len(parts[-1])
        return b"".join(parts)

    def drain(self) -> None:
        """Reads to the end, where compressed files have the checksum of everything before."""
        while self._some(CHUNK):
            self.require(0)


@contextmanager
def decompressed(archive: Path, file: BinaryIO, allowed: int) -> Iterator[DecompressedStream]:
    """The decompressed bytes of `archive`, opened as `file`: at most `allowed` of them.

    The first bytes tell how it is compressed: by gzip, bzip2 or xz, or not at all. Raises `FormatError` for a
    zip file.
    """
    bounded = _Input(file)
    with closing(_decompressor(archive, bounded)) as stream:
        yield DecompressedStream(archive, stream, bounded, allowed)


def _decompressor(archive: Path, file: _Input) -> _Readable:
    magic = file.read(6)
    file.seek(0)
    if magic.startswith(GZIP):
        return gzip.GzipFile(fileobj=file)
    if magic.startswith(BZIP2):
        return bz2.BZ2File(file)
    if magic.startswith(XZ):
        return _Xz(file)
    if magic.startswith(ZIP):
        raise FormatError(
            f"{archive} is a zip file; the archives accepted are {KINDS}: pack it as one of these."
        )
    return file
