"""An archive -> files in a directory. Knows tar and bytes, never modules; trusts nothing it reads.

Headers are decoded by the standard library's `TarInfo.frombuf`, but the members are walked here:
`tarfile`'s own walk ends silently at a corrupt header and reads headers of any length into memory.
Whatever an archive claims, at most `Limits` is ever read, held or written.
"""

import bz2
import gzip
import io
import lzma
import re
import tarfile
import unicodedata
import zlib
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

from ..errors import FormatError, HandleError, InceptionHubError, OutputError

KINDS = "tar, tar.gz, tar.bz2 and tar.xz"
GZIP, BZIP2, XZ, ZIP = b"\x1f\x8b", b"BZh", b"\xfd7zXZ\0", b"PK\x03\x04"
MAX_NAME_BYTES, MAX_PART_BYTES, MAX_DEPTH = 1024, 255, 16  # 255: what common file systems take
DEVICES = re.compile(
    r"(con|prn|aux|nul|(com|lpt)[0-9\u00b9\u00b2\u00b3])(\..*)?", re.IGNORECASE
)  # of Windows
MAX_HEADER_BYTES = 16 << 10  # of one long name or one set of PAX records
EXTENSIONS = (tarfile.GNUTYPE_LONGNAME, tarfile.XHDTYPE, tarfile.SOLARIS_XHDTYPE, tarfile.XGLTYPE)
XZ_MEMORY = 256 << 20  # `xz -9` needs 65 MiB to decompress
CHUNK = 1 << 20
MAX_AHEAD = 4 << 20  # compressed bytes read beyond those they gave: what is empty compresses to many streams


@dataclass(frozen=True)
class Limits:
    """What one archive may cost: headers, bytes after decompression, and those bytes over its own size.

    Up to `floor` bytes are accepted whatever the ratio: a small text file compresses a thousandfold.
    """

    members: int = 10_000
    size: int = 2 << 30
    ratio: int = 200
    floor: int = 16 << 20


LIMITS = Limits()
Seen = dict[str, tuple[str, bool]]  # folded path -> path as it was first given, and whether a directory


def is_archive(path: Path) -> bool:
    """Whether the file's first bytes are those of an archive, supported or not; its name plays no part."""
    try:
        with open(path, "rb") as file:
            block = file.read(tarfile.BLOCKSIZE)
        if not block.startswith((GZIP, BZIP2, XZ, ZIP)):
            tarfile.TarInfo.frombuf(block, "utf-8", "replace")
    except (OSError, tarfile.HeaderError):
        return False
    return True


def extract(archive: Path, directory: Path, *, limits: Limits = LIMITS) -> None:
    """Writes the regular files and directories of `archive` under `directory`, made if missing.

    Accepted: tar, plain or compressed by gzip, bzip2 or xz, told apart by content. A leading "./" is
    normal: the root of the archive is the root of the module, as TF-Hub's servers pack it. Modes, owners
    and times are not restored, existing files never overwritten.

    Raises `FormatError` naming the member for a link, device or sparse file, a path that is absolute, holds
    `..` or is unusable on some system, or two names that would be one file there; and for archives that are
    corrupt, truncated, of another kind or beyond `limits`. Then `directory` holds what came before:
    extract into a temporary one. `HandleError` if `archive` cannot be read, `OutputError` if the files
    cannot be written.
    """
    try:
        file = open(archive, "rb")
        size = archive.stat().st_size
    except OSError as error:
        raise HandleError(f"{archive} cannot be read ({error.strerror}); check its permissions.") from error
    tracked = _Tracked(file)
    with file, closing(_decompressed(archive, tracked)) as stream:
        source = _Source(archive, stream, tracked, min(limits.size, max(limits.floor, limits.ratio * size)))
        seen: Seen = {}
        for name, is_directory, length in _members(source, limits.members):
            parts = _parts(source, name, is_directory)
            _claim(source, seen, parts, is_directory)
            if len(seen) > limits.members:
                raise source.error(f"holds more than {limits.members} files and directories")
            _write(source, directory.joinpath(*parts), is_directory, length)
        source.drain()


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...
    def close(self) -> None: ...


class _Tracked(io.RawIOBase):
    """An archive's file, of which little is read without anything coming of it."""

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

    def __init__(self, file: _Tracked) -> None:
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


def _decompressed(archive: Path, file: _Tracked) -> _Readable:
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


class _Source:
    """The decompressed bytes of an archive, never more than `allowed` of them."""

    def __init__(self, archive: Path, stream: _Readable, file: _Tracked, allowed: int) -> None:
        self._archive, self._stream, self._file = archive, stream, file
        self._allowed, self._left = allowed, allowed

    def error(self, what: str) -> FormatError:
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
        """Refuses what would pass the limit before a byte of it is read."""
        if size > self._left:
            raise self.error(f"expands to more than {self._allowed} bytes, the limit for its size")

    def read(self, size: int) -> bytes:
        """Exactly `size` bytes."""
        self.require(size)
        parts: list[bytes] = []
        while size:
            parts.append(self._some(min(size, CHUNK)))
            if not parts[-1]:
                raise self.error("is truncated or not a tar archive")
            size -= len(parts[-1])
        return b"".join(parts)

    def padding(self, size: int) -> None:
        """Skips what fills a member of `size` bytes up to whole blocks."""
        self.read(-size % tarfile.BLOCKSIZE)

    def drain(self) -> None:
        """Reads to the end, where the compressors keep the checksum of all that came before."""
        while self._some(CHUNK):
            self.require(0)


def _members(source: _Source, limit: int) -> Iterator[tuple[str, bool, int]]:
    """(name, is a directory, size in bytes) of each member; the caller reads a file's bytes in between."""
    long_name: str | None = None
    records: dict[bytes, bytes] = {}
    for _ in range(limit + 1):  # the end mark is one more
        block = source.read(tarfile.BLOCKSIZE)
        if not any(block):  # the end-of-archive mark
            return
        try:
            header = tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
        except tarfile.HeaderError as error:
            raise source.error(f"is corrupt or not a tar archive ({error})") from error
        if header.type in EXTENSIONS:
            if not 0 <= header.size <= MAX_HEADER_BYTES:
                raise source.error(f"has a header of {header.size} bytes, not of 0 to {MAX_HEADER_BYTES}")
            data = source.read(header.size)
            source.padding(header.size)
            if header.type == tarfile.GNUTYPE_LONGNAME:
                long_name = data.removesuffix(b"\0").decode("utf-8", "surrogateescape")
            elif header.type != tarfile.XGLTYPE:
                records = _records(source, data)
            elif _records(source, data).keys() & {b"path", b"size"}:
                raise source.error("gives all its members one path or one size")
            continue
        name = long_name if long_name is not None else header.name
        if b"path" in records:
            name = records[b"path"].decode("utf-8", "surrogateescape")
        if kind := _refused_kind(header, records):
            raise source.error(
                f"holds {_shown(name)}, a {kind}, but only plain files and directories are accepted"
            )
        size = _decimal(records[b"size"]) if b"size" in records else header.size
        if header.isdir():
            size = 0  # some writers note one, none stores bytes
        if size is None or size < 0:
            raise source.error(f"holds {_shown(name)} with a size that is no number of bytes")
        yield name, header.isdir(), size
        long_name, records = None, {}
    raise source.error(f"holds more than {limit} members")


def _records(source: _Source, data: bytes) -> dict[bytes, bytes]:
    """PAX records, each `<length> <key>=<value>\\n` with its own length in decimal."""
    records: dict[bytes, bytes] = {}
    start = 0
    while start < len(data):
        space = data.find(b" ", start, start + 8)
        length = _decimal(data[start:space]) if space > 0 else None
        key, equals, value = data[space + 1 : start + (length or 0)].partition(b"=")
        if not length or start + length > len(data) or not equals or not value.endswith(b"\n"):
            raise source.error("has a malformed PAX header")
        records[key] = value[:-1]
        start += length
    return records


def _decimal(digits: bytes) -> int | None:
    return int(digits) if len(digits) < 20 and digits.isdigit() else None


def _refused_kind(header: tarfile.TarInfo, records: dict[bytes, bytes]) -> str | None:
    if header.type == tarfile.GNUTYPE_SPARSE or any(key.startswith(b"GNU.sparse.") for key in records):
        return "sparse file"
    if header.type in (tarfile.REGTYPE, tarfile.AREGTYPE, tarfile.DIRTYPE):
        return None
    if header.issym() or header.islnk() or header.type == tarfile.GNUTYPE_LONGLINK:
        return "link"
    return "device" if header.isdev() else "special file"


def _shown(name: str) -> str:
    return repr(name if len(name) <= 100 else name[:100] + "...")


def _parts(source: _Source, name: str, is_directory: bool) -> tuple[str, ...]:
    """The path's components, safe and usable on every common system."""

    def refuse(why: str) -> InceptionHubError:
        return source.error(f"holds {_shown(name)}, a path that {why}")

    if len(name.encode("utf-8", "surrogateescape")) > MAX_NAME_BYTES:
        raise refuse(f"is longer than {MAX_NAME_BYTES} bytes")
    if any(unicodedata.category(c) in ("Cc", "Cs") or c in '\\:*?"<>|' for c in name):
        raise refuse("holds characters that are not allowed in file names everywhere")
    if name.startswith("/"):
        raise refuse("is absolute")
    parts = tuple(part for part in name.split("/") if part not in ("", "."))
    if ".." in parts:
        raise refuse("leads out of the archive")
    if len(parts) > MAX_DEPTH or any(len(part.encode()) > MAX_PART_BYTES for part in parts):
        raise refuse(f"has a part longer than {MAX_PART_BYTES} bytes or more than {MAX_DEPTH} parts")
    unusable = any(part.endswith((".", " ")) or DEVICES.fullmatch(part) for part in parts)
    if unusable or not (parts or is_directory):
        raise refuse("is no file name on every system")
    return parts


def _claim(source: _Source, seen: Seen, parts: tuple[str, ...], is_directory: bool) -> None:
    """Notes a path and its parents in `seen`, refusing two names that some file system takes for one.

    A directory may be listed again, and after its files.
    """
    for depth in range(1, len(parts) + 1):
        path, is_leaf = "/".join(parts[:depth]), depth == len(parts)
        # Unicode's canonical caseless match (section 3.13, D145): Windows and macOS compare alike.
        folded = unicodedata.normalize("NFD", unicodedata.normalize("NFD", path).casefold())
        entry = (path, is_directory or not is_leaf)
        if seen.get(folded, entry) != entry or (folded in seen and is_leaf and not is_directory):
            both = f"{_shown(seen[folded][0])} and {_shown('/'.join(parts))}"
            raise source.error(f"holds both {both}, one file on some systems")
        seen[folded] = entry


def _write(source: _Source, path: Path, is_directory: bool, size: int) -> None:
    source.require(size)
    try:
        (path if is_directory else path.parent).mkdir(parents=True, exist_ok=True)
        if is_directory:
            return
        with open(path, "xb") as file:
            for start in range(0, size, CHUNK):
                file.write(source.read(min(CHUNK, size - start)))
    except OSError as error:
        raise OutputError(f"{path} cannot be written ({error.strerror}); make room for it.") from error
    source.padding(size)
