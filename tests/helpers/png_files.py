"""PNGs written chunk by chunk: every depth, kind of colour, interlacing and transparency."""

import struct
import zlib
from collections.abc import Iterator

import numpy as np

from .image_files import chunk

SIGNATURE = b"\x89PNG\r\n\x1a\n"
GREY, RGB, PALETTE, GREY_ALPHA, RGBA = 0, 2, 3, 4, 6
DEPTHS = {GREY: (1, 2, 4, 8, 16), RGB: (8, 16), PALETTE: (1, 2, 4, 8), GREY_ALPHA: (8, 16), RGBA: (8, 16)}
SAMPLES = {GREY: 1, RGB: 3, PALETTE: 1, GREY_ALPHA: 2, RGBA: 4}
# Where each of Adam7's passes begins and how far its pixels are apart: rows, columns.
ADAM7 = [(0, 8, 0, 8), (0, 8, 4, 8), (4, 8, 0, 4), (0, 4, 2, 4), (2, 4, 0, 2), (0, 2, 1, 2), (1, 2, 0, 1)]


def png(
    values: np.ndarray,
    kind: int,
    bits: int,
    *,
    interlaced: bool = False,
    before: bytes = b"",
    after: bytes = b"",
) -> bytes:
    """A PNG of integers [height, width, samples]; `before` and `after` are chunks around its pixels."""
    height, width = values.shape[:2]
    header = struct.pack(">IIBBBBB", width, height, bits, kind, 0, 0, interlaced)
    passes = [values[r::down, c::across] for r, down, c, across in ADAM7] if interlaced else [values]
    rows = b"".join(_rows(each, bits) for each in passes if each.size)
    pixels = chunk(b"IDAT", zlib.compress(rows))
    return SIGNATURE + chunk(b"IHDR", header) + before + pixels + after + chunk(b"IEND", b"")


def palette(colours: np.ndarray) -> bytes:
    return chunk(b"PLTE", colours.astype(np.uint8).tobytes())


def transparency(kind: int, colour: list[int]) -> bytes:
    """Of one colour, or of the palette's first ones."""
    form = f">{len(colour)}{'B' if kind == PALETTE else 'H'}"
    return chunk(b"tRNS", struct.pack(form, *colour))


def matrix() -> Iterator[tuple[str, bytes]]:
    """A PNG of every kind, depth and interlacing, without transparency and with it where it may have some."""
    height, width = 21, 34
    across, down = np.meshgrid(np.linspace(0, 1, width), np.linspace(0, 1, height))
    shades = np.stack([across, down, 1 - across * down, (across + down) / 2], -1)
    colours = np.random.default_rng(0).integers(0, 256, (256, 3))
    for kind, depths in DEPTHS.items():
        for bits in depths:
            picked = shades[..., [0, 3] if kind == GREY_ALPHA else list(range(SAMPLES[kind]))]
            values = np.round(picked * (2**bits - 1)).astype(int)
            beginning = palette(colours[: 2**bits]) if kind == PALETTE else b""
            clear = [0, 128, 255][: 2**bits] if kind == PALETTE else values[height // 2, width // 2].tolist()
            for interlaced in (False, True):
                for transparent in (False, True) if kind in (GREY, RGB, PALETTE) else (False,):
                    before = beginning + (transparency(kind, clear) if transparent else b"")
                    name = f"kind {kind}, {bits} bits" + ", interlaced" * interlaced + ", tRNS" * transparent
                    yield name, png(values, kind, bits, interlaced=interlaced, before=before)


def _rows(values: np.ndarray, bits: int) -> bytes:
    flat = values.reshape(len(values), -1)
    if bits == 16:
        packed = flat.astype(">u2").view(np.uint8).reshape(len(flat), -1)
    elif bits == 8:
        packed = flat.astype(np.uint8)
    else:
        spread = (flat[..., None] >> np.arange(bits)[::-1] & 1).reshape(len(flat), -1)
        packed = np.packbits(spread.astype(np.uint8), axis=1)
    return np.concatenate([np.zeros((len(flat), 1), np.uint8), packed], 1).tobytes()
