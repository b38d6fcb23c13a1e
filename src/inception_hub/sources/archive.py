"""Extracts tar archives into a directory, trusting nothing in them.

Headers are decoded by the standard library's `TarInfo.frombuf`, but the members are walked here:
`tarfile`'s own walk ends silently at a corrupt header and reads headers of any length into memory.
Whatever an archive claims, at most `Limits` is ever read, held or written.
"""

import tarfile
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ..errors import HandleError, InceptionHubError, OutputError
from ..system.names import FORBIDDEN, folded, is_device
from ..system.regular import open_regular
from .decompression import BZIP2, CHUNK, GZIP, XZ, ZIP, DecompressedStream, decompressed

MAX_NAME_BYTES, MAX_PART_BYTES, MAX_DEPTH = 1024, 255, 16  # 255: what common file systems take
MAX_HEADER_BYTES = 16 << 10  # of one long name or one set of PAX records
EXTENSIONS = (tarfile.GNUTYPE_LONGNAME, tarfile.XHDTYPE, tarfile.SOLARIS_XHDTYPE, tarfile.XGLTYPE)


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
        with open_regular(path) as file:
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
        file = open_regular(archive)
        size = archive.stat().st_size
    except OSError as error:
        raise HandleError(f"{archive} cannot be read ({error.strerror}); check its permissions.") from error
    allowed = min(limits.size, max(limits.floor, limits.ratio * size))
    with file, decompressed(archive, file, allowed) as stream:
        seen: Seen = {}
        for name, is_directory, length in _members(stream, limits.members):
            parts = _parts(stream, name, is_directory)
            _claim(stream, seen, parts, is_directory)
            if len(seen) > limits.members:
                raise stream.error(f"holds more than {limits.members} files and directories")
            _write(stream, directory.joinpath(*parts), is_directory, length)
        stream.drain()


def _members(stream: DecompressedStream, limit: int) -> Iterator[tuple[str, bool, int]]:
    """(name, is a directory, size in bytes) of each member; the caller reads a file's bytes in between."""
    long_name: str | None = None
    records: dict[bytes, bytes] = {}
    for _ in range(limit + 1):  # the end mark is one more
        block = stream.read(tarfile.BLOCKSIZE)
        if not any(block):  # the end-of-archive mark
            return
        try:
            header = tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
        except tarfile.HeaderError as error:
            raise stream.error(f"is corrupt or not a tar archive ({error})") from error
        if header.type in EXTENSIONS:
            if not 0 <= header.size <= MAX_HEADER_BYTES:
                raise stream.error(f"has a header of {header.size} bytes, not of 0 to {MAX_HEADER_BYTES}")
            data = stream.read(header.size)
            _skip_padding(stream, header.size)
            if header.type == tarfile.GNUTYPE_LONGNAME:
                long_name = data.removesuffix(b"\0").decode("utf-8", "surrogateescape")
            elif header.type != tarfile.XGLTYPE:
                records = _records(stream, data)
            elif _records(stream, data).keys() & {b"path", b"size"}:
                raise stream.error("gives all its members one path or one size")
            continue
        name = long_name if long_name is not None else header.name
        if b"path" in records:
            name = records[b"path"].decode("utf-8", "surrogateescape")
        if kind := _refused_kind(header, records):
            raise stream.error(
                f"holds {_shown(name)}, a {kind}, but only plain files and directories are accepted"
            )
        size = _decimal(records[b"size"]) if b"size" in records else header.size
        if header.isdir():
            size = 0  # some writers note one, none stores bytes
        if size is None or size < 0:
            raise stream.error(f"holds {_shown(name)} with a size that is no number of bytes")
        yield name, header.isdir(), size
        long_name, records = None, {}
    raise stream.error(f"holds more than {limit} members")


def _skip_padding(stream: DecompressedStream, size: int) -> None:
    """Skips the bytes that fill a member of `size` bytes up to whole blocks."""
    stream.read(-size % tarfile.BLOCKSIZE)


def _records(stream: DecompressedStream, data: bytes) -> dict[bytes, bytes]:
    """The PAX records in `data`, each `<length> <key>=<value>\\n` with its own length in decimal."""
    records: dict[bytes, bytes] = {}
    start = 0
    while start < len(data):
        space = data.find(b" ", start, start + 8)
        length = _decimal(data[start:space]) if space > 0 else None
        key, equals, value = data[space + 1 : start + (length or 0)].partition(b"=")
        if not length or start + length > len(data) or not equals or not value.endswith(b"\n"):
            raise stream.error("has a malformed PAX header")
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


def _parts(stream: DecompressedStream, name: str, is_directory: bool) -> tuple[str, ...]:
    """The parts of the path `name`, all safe and usable on every common system; else raises `FormatError`."""

    def refuse(why: str) -> InceptionHubError:
        return stream.error(f"holds {_shown(name)}, a path that {why}")

    if len(name.encode("utf-8", "surrogateescape")) > MAX_NAME_BYTES:
        raise refuse(f"is longer than {MAX_NAME_BYTES} bytes")
    if any(unicodedata.category(c) in ("Cc", "Cs") or c in FORBIDDEN for c in name):
        raise refuse("holds characters that are not allowed in file names everywhere")
    if name.startswith("/"):
        raise refuse("is absolute")
    parts = tuple(part for part in name.split("/") if part not in ("", "."))
    if ".." in parts:
        raise refuse("leads out of the archive")
    if len(parts) > MAX_DEPTH or any(len(part.encode()) > MAX_PART_BYTES for part in parts):
        raise refuse(f"has a part longer than {MAX_PART_BYTES} bytes or more than {MAX_DEPTH} parts")
    unusable = any(part.endswith((".", " ")) or is_device(part) for part in parts)
    if unusable or not (parts or is_directory):
        raise refuse("is no file name on every system")
    return parts


def _claim(stream: DecompressedStream, seen: Seen, parts: tuple[str, ...], is_directory: bool) -> None:
    """Notes a path and its parents in `seen`; raises `FormatError` for two that are one on some file system.

    A directory may be listed again, and after its files.
    """
    for depth in range(1, len(parts) + 1):
        path, is_leaf = "/".join(parts[:depth]), depth == len(parts)
        key = folded(path)
        entry = (path, is_directory or not is_leaf)
        if seen.get(key, entry) != entry or (key in seen and is_leaf and not is_directory):
            both = f"{_shown(seen[key][0])} and {_shown('/'.join(parts))}"
            raise stream.error(f"holds both {both}, one file on some systems")
        seen[key] = entry


def _write(stream: DecompressedStream, path: Path, is_directory: bool, size: int) -> None:
    stream.require(size)
    try:
        (path if is_directory else path.parent).mkdir(parents=True, exist_ok=True)
        if is_directory:
            return
        with open(path, "xb") as file:
            for start in range(0, size, CHUNK):
                file.write(stream.read(min(CHUNK, size - start)))
    except OSError as error:
        raise OutputError(f"{path} cannot be written ({error.strerror}); make room for it.") from error
    _skip_padding(stream, size)
