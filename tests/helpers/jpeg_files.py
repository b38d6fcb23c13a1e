"""JPEGs written marker by marker: any frame type, any components, any scans, with or without their data."""

import struct
from collections.abc import Iterable, Sequence

BASELINE, EXTENDED, PROGRESSIVE, LOSSLESS, ARITHMETIC, ARITHMETIC_PROGRESSIVE = (
    0xC0, 0xC1, 0xC2, 0xC3, 0xC9, 0xCA,
)  # fmt: skip
SUBSAMPLED = ((2, 2), (1, 1), (1, 1))
EOI = b"\xff\xd9"


def segment(marker: int, data: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(data) + 2) + data


def tables() -> bytes:
    """Quantisation by ones; Huffman codes of one bit, 0 for nothing more and 1 for a value of one bit."""
    codes = b"".join(bytes([kind << 4]) + bytes([2, *[0] * 15]) + bytes([0, 1]) for kind in (0, 1))
    codes = codes.replace(bytes([2, *[0] * 15]), bytes([1, 1, *[0] * 14]))
    return segment(0xDB, bytes([0, *[1] * 64])) + segment(0xC4, codes)


def scan(
    components: Iterable[int], band: tuple[int, int, int] = (0, 63, 0), data: bytes = b"", fill: int = 0
) -> bytes:
    """A scan of `components` by number; `band`: first and last coefficient, and bits of approximation."""
    chosen = list(components)
    parameters = b"".join(bytes([number + 1, 0]) for number in chosen)
    header = segment(0xDA, bytes([len(chosen)]) + parameters + bytes(band))
    return b"\xff" * fill + header + data


def frame(
    kind: int, width: int, height: int, components: Sequence[tuple[int, int]] = ((1, 1),) * 3, bits: int = 8
) -> bytes:
    parts = b"".join(bytes([n + 1, h << 4 | v, 0]) for n, (h, v) in enumerate(components))
    return segment(kind, struct.pack(">BHHB", bits, height, width, len(components)) + parts)


def jpeg(frame: bytes, scans: Iterable[bytes], restart: int = 0) -> bytes:
    interval = segment(0xDD, struct.pack(">H", restart)) if restart else b""
    return b"\xff\xd8" + tables() + interval + frame + b"".join(scans) + EOI
