"""JPEGs whose structure costs time, for the table of docs/reliability.md.

    python benchmarks/reliability/jpegs.py [--write-docs]

Frame types, sizes, components, sampling, scans, restarts and data, each alone and with as many scans as are
just accepted. `load_image` must give an array or an `ImageError`, and within the time that SECURITY.md has.
"""

import argparse
import itertools
import random
import struct
import time
from collections.abc import Iterator, Sequence

from rows import report
from trials import clean, run  # which lets the tests' helpers be imported

from helpers import jpeg_files as j  # isort: skip

FRAMES = {"baseline": j.BASELINE, "extended": j.EXTENDED, "progressive": j.PROGRESSIVE}
OTHERS = [kind for kind in range(0xC0, 0xD0) if kind not in (*FRAMES.values(), 0xC4, 0xC8, 0xCC)]
SIZES = [(16, 16), (1, 65_500), (10_000, 9_990)]
SAMPLINGS = [((1, 1),), ((1, 1),) * 3, j.SUBSAMPLED, ((1, 1), (4, 2), (1, 1)), ((1, 1),) * 4]
SCANS = (1, 100, 10_000)
WHOLE, DC, AC, REFINED = (0, 63, 0), (0, 0, 0), (1, 63, 0), (1, 63, 0x10)
# One bit says that the next 16,384 blocks hold nothing new, fourteen how many more.
RUNS = j.segment(0xC4, bytes([0x10, 1, 1, *[0] * 14, 0, 0xE0]))
NOISE = random.Random(7).randbytes(40_000_000).replace(b"\xff", b"\xfe")


def photo(content: bytes) -> bool:
    """In time, by the preset that decodes whole."""
    from inception_hub.images.loading import load_image
    from inception_hub.images.photo_file import MAX_SECONDS

    def load() -> None:
        started = time.process_time()
        made = load_image(content, (64, 64), "plain")
        assert made.shape == (64, 64, 3) and 0 <= made.min() <= made.max() <= 1
        assert time.process_time() - started <= MAX_SECONDS, "too slow"

    return clean(load)


def file(
    kind: int,
    size: tuple[int, int],
    sampling: Sequence[tuple[int, int]],
    scans: Sequence[bytes],
    restart: int = 0,
    before: bytes = b"",
) -> bytes:
    # The first scan names one component, or libjpeg expects no other.
    band = DC if kind == j.PROGRESSIVE else WHOLE
    return j.jpeg(before + j.frame(kind, *size, sampling), [j.scan([0], band), *scans], restart)


def most_scans(
    kind: int, size: tuple[int, int], sampling: Sequence[tuple[int, int]], scan: bytes, restart: int
) -> bytes:
    """With as many scans as are just accepted."""
    from inception_hub.images import jpeg
    from inception_hub.images.photo_file import MAX_SECONDS

    one, two = (jpeg.nanoseconds(file(kind, size, sampling, [scan] * n, restart)) for n in (1, 2))
    left = MAX_SECONDS * 1e9 - one
    return file(kind, size, sampling, [scan] * (1 + int(max(0, left) / (two - one))), restart)


def structures(kind: int) -> Iterator[bytes]:
    bands = (DC, AC, REFINED) if kind == j.PROGRESSIVE else (WHOLE,)
    for size, sampling, number in itertools.product(SIZES, SAMPLINGS, SCANS):
        band = bands[number % len(bands)]
        yield file(kind, size, sampling, [j.scan([len(sampling) - 1], band)] * number)
    size = SIZES[-1]
    for sampling in SAMPLINGS[1:4:2]:
        every = range(len(sampling))
        yield most_scans(kind, size, sampling, j.scan([1], bands[-1]), 0)
        yield most_scans(kind, size, sampling, RUNS + j.scan([1], bands[-1], b"\x3f\xfe" * 200), 0)
        yield most_scans(kind, size, sampling, j.scan([1], bands[0], restarts(400_000)), 1)
        yield most_scans(kind, size, sampling, j.scan(every, bands[0], NOISE[:100_000]), 0)
        yield file(kind, size, sampling, [j.scan(every, bands[0], NOISE)])


def restarts(number: int) -> bytes:
    return b"".join(bytes([0xFF, 0xD0 + place % 8]) for place in range(number))


def hidden() -> Iterator[bytes]:
    """Scans that are hard to find, and parts that are none."""
    size, sampling = (10_000, 9_990), j.SUBSAMPLED
    scan = j.scan([1], WHOLE)
    for number in (100, 5_000):
        many = [scan] * number
        yield file(j.BASELINE, size, sampling, [b"\xff" * 70_000 + scan] * min(number, 1_000))
        yield file(
            j.BASELINE, size, sampling, [j.segment(0xE1, bytes(65_533 - n)) + scan for n in range(number)]
        )
        yield file(j.BASELINE, size, sampling, [j.segment(0xDC, b"\0\1") + one for one in many])
        yield file(j.BASELINE, size, sampling, [b"\xff\x01\xff\xd0" + one for one in many])
        yield file(j.BASELINE, size, sampling, [b"\xff\xd8" + one for one in many])
        yield file(j.BASELINE, size, sampling, [b"\xff\xe9\0\0" + one for one in many])
        yield file(j.BASELINE, size, sampling, [j.frame(j.BASELINE, 8, 8) + one for one in many])
        yield file(j.BASELINE, size, sampling, [b"\xff\x00" * 40_000 + scan, *many])
        yield file(j.BASELINE, size, sampling, many, before=j.frame(j.BASELINE, 8, 8))
        yield file(j.BASELINE, size, sampling, many, before=j.segment(0xFE, j.frame(j.BASELINE, 8, 8)))
        yield j.EOI.join([file(j.BASELINE, size, sampling, many)] * 2)
        for content in (file(j.BASELINE, size, sampling, many), file(j.PROGRESSIVE, size, sampling, many)):
            yield from tiffs(content, size)


def tiffs(content: bytes, size: tuple[int, int]) -> Iterator[bytes]:
    """`content` as the one strip of a TIFF, and as each of its tiles."""
    width, height = size
    for tiled, count in ((False, 1), (True, 1), (True, 100)):
        across = -(-width // count // 16) * 16
        tags = {256: width, 257: height, 258: 8, 259: 7, 262: 6, 277: 3}
        places = {322: across, 323: height, 324: 0, 325: 0} if tiled else {273: 0, 278: height, 279: 0}
        tags |= places
        start = 8 + 2 + 12 * len(tags) + 4
        lists = (
            struct.pack(f"<{count}I", *[start + 8 * count] * count),
            struct.pack(f"<{count}I", *[len(content)] * count),
        )
        entries = b""
        for tag, value in sorted(tags.items()):
            number, value = (count, value) if tag in (273, 279, 324, 325) else (1, value)
            if tag in (273, 324):
                value = start if count > 1 else start + 8
            if tag in (279, 325):
                value = start + 4 * count if count > 1 else len(content)
            entries += struct.pack("<HHII", tag, 4, number, value)
        head = b"II*\0\x08\0\0\0" + struct.pack("<H", len(tags)) + entries + bytes(4)
        yield head + b"".join(lists) + content


def others() -> Iterator[bytes]:
    """Frame types that are refused: lossless, hierarchical, arithmetic."""
    for kind, size, number in itertools.product(OTHERS, SIZES[::3], (1, 5_000)):
        for sampling in (SAMPLINGS[0], SAMPLINGS[2]):
            yield file(kind, size, sampling, [j.scan([0], WHOLE, NOISE[:500])] * number)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--write-docs", action="store_true")
    given = parser.parse_args()
    rows = [run(f"{name}: sizes, sampling, scans", photo, structures(kind)) for name, kind in FRAMES.items()]
    rows.append(run("lossless, hierarchical, arithmetic", photo, others()))
    rows.append(run("hidden scans, two frames, inside TIFF", photo, hidden()))
    note = "Decoded whole, as the preset `plain` has it; none may take more than six seconds."
    report("jpegs", rows, note, write_docs=given.write_docs)


if __name__ == "__main__":
    main()
