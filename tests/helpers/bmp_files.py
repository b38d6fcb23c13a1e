"""BMPs of every depth, header, direction, mask and palette, each with the pixels that it shows."""

import struct
from collections.abc import Iterator

import numpy as np

HEIGHT, WIDTH = 9, 13
MASKS = {  # by name: bits, then red, green, blue, alpha
    "565": (16, 0xF800, 0x7E0, 0x1F, 0),
    "555": (16, 0x7C00, 0x3E0, 0x1F, 0),
    "4444": (16, 0xF00, 0xF0, 0xF, 0xF000),
    "1555": (16, 0x7C00, 0x3E0, 0x1F, 0x8000),
    "bgr565": (16, 0x1F, 0x7E0, 0xF800, 0),
    "xrgb": (32, 0xFF0000, 0xFF00, 0xFF, 0),
    "argb": (32, 0xFF0000, 0xFF00, 0xFF, 0xFF000000),
    "rgba": (32, 0xFF000000, 0xFF0000, 0xFF00, 0xFF),
    "abgr": (32, 0xFF, 0xFF00, 0xFF0000, 0xFF000000),
    "xbgr": (32, 0xFF, 0xFF00, 0xFF0000, 0),
    "1010102": (32, 0x3FF00000, 0xFFC00, 0x3FF, 0),
}
RAW, RUNS8, FIELDS, ALPHA_FIELDS = 0, 1, 3, 6


def bmp(rows: list[bytes], bits: int, *, compression: int = RAW, header: int = 40, extra: bytes = b"",
        palette: bytes = b"", colours: int = 0, height: int = HEIGHT) -> bytes:  # fmt: skip
    """A file of rows from the bottom up (`height` below 0: from the top down), each filled to four bytes."""
    data = b"".join(row + bytes(-len(row) % 4) for row in rows)
    if header == 12:
        info = struct.pack("<IHHHH", 12, WIDTH, HEIGHT, 1, bits)
    else:
        info = struct.pack(
            "<IiiHHIIiiII", header, WIDTH, height, 1, bits, compression, len(data), 0, 0, colours, 0
        )
        info = (info + extra).ljust(header, b"\0") if header > 40 else info + extra
    start = 14 + len(info) + len(palette)
    return b"BM" + struct.pack("<IHHI", start + len(data), 0, 0, start) + info + palette + data


def matrix() -> Iterator[tuple[str, bytes, np.ndarray]]:
    """Of each kind its name, the file and its pixels over white, float [height, width, 3] in [0, 255]."""
    generator = np.random.default_rng(1)
    rgb = generator.integers(0, 256, (HEIGHT, WIDTH, 3))
    for header in (12, 40, 108, 124):
        rows = [row[:, ::-1].astype(np.uint8).tobytes() for row in rgb[::-1]]
        yield f"24 bits, header {header}", bmp(rows, 24, header=header), rgb.astype(float)
        for bits in (1, 4, 8):
            for grey in (False, True):
                yield _palette(rgb, bits, header, grey, generator)
    yield "24 bits, top down", bmp(rows[::-1], 24, height=-HEIGHT), rgb.astype(float)
    yield "32 bits", bmp([_filled(row) for row in rgb[::-1]], 32), rgb.astype(float)
    yield "16 bits", *_fields(MASKS["555"], generator, RAW, 40)
    for name, masks in MASKS.items():
        for header, compression in (
            (40, FIELDS),
            (40, ALPHA_FIELDS),
            (56, FIELDS),
            (108, FIELDS),
            (124, FIELDS),
        ):
            if header != 40 or (compression == FIELDS) == (not masks[4]):
                yield f"fields {name}, header {header}", *_fields(masks, generator, compression, header)
    for count, bits in ((2, 8), (2, 4), (16, 8), (16, 4)):
        shades = np.arange(count) * (255 if count == 2 else 1)
        yield (
            f"{count} shades in {bits} bits",
            *_indexed(np.repeat(shades[:, None], 3, 1), bits, 40, generator),
        )
    index = generator.integers(0, 256, (HEIGHT, WIDTH)).astype(np.uint8)
    colours = generator.integers(0, 256, (256, 3))
    runs = [b"".join(bytes([1, each]) for each in row) + b"\0\0" for row in index[::-1]]
    packed = bmp([b"".join(runs) + b"\0\1"], 8, compression=RUNS8, palette=_table(colours, 4), colours=256)
    yield "runs", packed, colours[index].astype(float)


def _palette(
    rgb: np.ndarray, bits: int, header: int, grey: bool, generator: np.random.Generator
) -> tuple[str, bytes, np.ndarray]:
    colours = generator.integers(0, 256, (2**bits, 3))
    if grey:
        colours = np.repeat(np.linspace(0, 255, 2**bits).round().astype(int)[:, None], 3, 1)
    return f"{bits} bits, header {header}, {'grey' if grey else 'colours'}", *_indexed(
        colours, bits, header, generator
    )


def _indexed(
    colours: np.ndarray, bits: int, header: int, generator: np.random.Generator
) -> tuple[bytes, np.ndarray]:
    index = generator.integers(0, len(colours), (HEIGHT, WIDTH))
    spread = (index[..., None] >> np.arange(bits)[::-1] & 1).reshape(HEIGHT, -1)
    rows = [np.packbits(row.astype(np.uint8)).tobytes() for row in spread[::-1]]
    table = _table(colours, 3 if header == 12 else 4)
    used = 0 if len(colours) == 2**bits else len(colours)
    return bmp(rows, bits, header=header, palette=table, colours=used), colours[index].astype(float)


def _fields(
    masks: tuple[int, ...], generator: np.random.Generator, compression: int, header: int
) -> tuple[bytes, np.ndarray]:
    bits, *channels = masks
    sizes = [channel.bit_count() for channel in channels]
    values = [generator.integers(0, 2**size, (HEIGHT, WIDTH)) for size in sizes]
    words = sum(v << (m & -m).bit_length() - 1 for v, m in zip(values, channels, strict=True) if m)
    rows = [row.astype(f"<u{bits // 8}").tobytes() for row in np.asarray(words)[::-1]]
    shown = [v * 255 / (2**size - 1) for v, size in zip(values, sizes, strict=True) if size]
    colour = np.stack(shown[:3], -1)
    if channels[3]:
        alpha = shown[3][..., None] / 255
        colour = colour * alpha + 255 * (1 - alpha)
    count = 0 if compression == RAW else 4 if compression == ALPHA_FIELDS or header > 40 else 3
    extra = struct.pack(f"<{count}I", *channels[:count])
    return bmp(rows, bits, compression=compression, header=header, extra=extra), colour


def _table(colours: np.ndarray, width: int) -> bytes:
    return b"".join(bytes(c[::-1].astype(np.uint8)) + bytes(width - 3) for c in colours)


def _filled(row: np.ndarray) -> bytes:
    return np.concatenate([row[:, ::-1], np.full((len(row), 1), 7)], 1).astype(np.uint8).tobytes()
