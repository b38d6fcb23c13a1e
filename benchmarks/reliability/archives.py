"""Damaged and hostile archives, for the table of docs/reliability.md.

    python benchmarks/reliability/archives.py [--mutations 1000] [--write-docs]

Every archive is extracted into a folder of its own. Whatever happens, nothing may appear beside that folder,
no link or device in it, and no more bytes than the limits allow.
"""

import argparse
import random
import stat
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path

from rows import report
from trials import clean, mutated, run


def extracted_or_refused(content: bytes) -> bool:
    from inception_hub.sources.archive import LIMITS, extract

    with tempfile.TemporaryDirectory() as folder:
        archive, out = Path(folder) / "archive", Path(folder) / "out"
        archive.write_bytes(content)
        answer = clean(lambda: extract(archive, out))
        assert {path.name for path in Path(folder).iterdir()} <= {"archive", "out"}, "a file outside"
        found = [path.lstat() for path in out.rglob("*")]
        assert all(stat.S_ISREG(s.st_mode) or stat.S_ISDIR(s.st_mode) for s in found), "not a plain file"
        assert sum(s.st_size for s in found if stat.S_ISREG(s.st_mode)) <= LIMITS.size, "too much"
        return answer


def seed() -> bytes:
    from helpers.archives import FILES, member, record, tar

    long = member("././@LongLink", b"variables/" + b"n" * 150 + b"\0", tarfile.GNUTYPE_LONGNAME)
    pax = member("p", record("path", "assets/pax") + record("size", "3"), tarfile.XHDTYPE)
    files = [member(name, data) for name, data in FILES.items()]
    folder = member("variables/", kind=tarfile.DIRTYPE)
    return tar(folder, *files, long + member("n", b"long"), pax + member("x", b"pax", size=0))


def compressed(count: int, compressor: str) -> Iterator[bytes]:
    """The archive, damaged before or after its compression."""
    from helpers.archives import COMPRESSORS

    generator, whole = random.Random(compressor), seed()
    compress = COMPRESSORS[compressor]
    yield compress(whole)
    for number in range(count - 1):
        yield compress(mutated(whole, generator)) if number % 2 else mutated(compress(whole), generator)


def headers(count: int) -> Iterator[bytes]:
    """Members with odd names, kinds and sizes, their headers' checksums right."""
    from helpers.archives import BAD_NAMES, COLLISIONS, HEADERS, LINKS, member, record, tar

    for header in (*LINKS.values(), *HEADERS.values()):
        yield tar(header, member("evil/file", b"x"))
    for first, second in COLLISIONS.values():
        yield tar(member(first, b"x"), member(second, b"y"))
    names = [
        *BAD_NAMES,
        "plain",
        "variables/data",
        "../" * 9 + "tmp/evil",
        "a/../b",
        "~/evil",
        "c:/evil",
        "e\u0301",
    ]
    generator = random.Random(2)
    for _ in range(count):
        name = mutated(generator.choice(names).encode(), generator)
        kind = generator.choice([tarfile.REGTYPE, tarfile.DIRTYPE, bytes([generator.randrange(256)])])
        long = member("././@LongLink", name + b"\0", tarfile.GNUTYPE_LONGNAME)
        pax = member("p", record("path", name.decode("utf-8", "replace")), tarfile.XHDTYPE)
        size = generator.choice([1, 1, 1, 0, 511, 1 << 33, -1])
        evil = member("innocent", b"x", kind, size=size, linkname="/etc/passwd")
        yield tar(member("first", b"x"), generator.choice((long, pax)), evil, member("last", b"x"))


def bombs() -> Iterator[bytes]:
    from helpers.archives import COMPRESSORS, member, tar

    zeros = tar(member("bomb", bytes(300 << 20)))
    for name in ("gzip", "bzip2", "xz"):
        yield COMPRESSORS[name](zeros)
        yield COMPRESSORS[name](b"") * 200_000
        yield COMPRESSORS[name](COMPRESSORS[name](zeros))
        yield COMPRESSORS[name](tar(member("a", b"x")) + bytes(100 << 20))
    yield tar(*(member(f"{number}") for number in range(20_000)))
    yield tar(*(member(f"{number}/" + "a/" * 14, kind=tarfile.DIRTYPE) for number in range(5_000)))
    yield tar(*(member("n", bytes(16 << 10), tarfile.XGLTYPE) for _ in range(9_000)))
    yield tar(*(member("././@LongLink", b"n" * (16 << 10), tarfile.GNUTYPE_LONGNAME) for _ in range(9_000)))
    for size in (1 << 31, 1 << 40, 1 << 62):
        yield tar(member("large", b"", size=size))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--mutations", type=int, default=1000, help="of each kind")
    parser.add_argument("--write-docs", action="store_true")
    given = parser.parse_args()
    rows = [
        run(f"{name}, mutated", extracted_or_refused, compressed(given.mutations, name))
        for name in ("tar", "gzip", "bzip2", "xz")
    ]
    rows.append(run("links, devices, paths, names, sizes", extracted_or_refused, headers(given.mutations)))
    rows.append(run("bombs: ratio, members, folders, headers", extracted_or_refused, bombs()))
    report("archives", rows, write_docs=given.write_docs)


if __name__ == "__main__":
    main()
