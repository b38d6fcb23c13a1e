"""Tar archives byte by byte, honest and hostile, and their extraction."""

import bz2
import gzip
import lzma
import tarfile
from collections.abc import Callable
from pathlib import Path

from inception_hub.sources.archive import LIMITS, Limits, extract

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
