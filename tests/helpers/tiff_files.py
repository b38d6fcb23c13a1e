"""TIFFs of many kinds of value, colour, transparency, layout and compression; and of odd bits, by hand."""

import io
import itertools
import struct
from collections.abc import Iterator

import numpy as np
import tifffile

HEIGHT, WIDTH = 33, 50
TYPES = ("bool", "uint8", "uint16", "int8", "int16", "uint32", "int32", "float32")
SAMPLES = {"minisblack": 1, "miniswhite": 1, "rgb": 3, "separated": 4, "ycbcr": 3, "cielab": 3}
ALPHAS = (None, "unassalpha", "assocalpha", "unspecified")
COMPRESSIONS = (None, "zlib", "lzw", "packbits", "jpeg")
RARE = ("zstd", "lzma", "deflate", "webp", "lerc", "jpeg2000", "png", "jpegxl")
# Byte order, tile, predictor.
LAYOUTS = (("<", None, None), (">", None, None), ("<", (16, 16), None), ("<", None, 2))


def matrix(whole: bool = True) -> Iterator[tuple[str, bytes]]:
    """Every combination that tifffile writes.

    If not `whole` a third of them: of types that are rarely read, and of layouts but the first, each with no
    transparency or one kind of it in turn; so any four properties still meet.
    """
    kinds = itertools.product(TYPES, SAMPLES, ALPHAS, ("contig", "separate"), COMPRESSIONS, LAYOUTS)
    for type, colours, alpha, planes, compression, layout in kinds:
        usual = layout == LAYOUTS[0] and (type in ("bool", "uint8", "uint16") or alpha is None)
        turn = TYPES.index(type) + list(SAMPLES).index(colours) + COMPRESSIONS.index(compression)
        turn += LAYOUTS.index(layout) + (planes == "separate")
        if not whole and not usual and alpha != ALPHAS[turn % len(ALPHAS)]:
            continue
        order, tile, predictor = layout
        values = picture(type, SAMPLES[colours], alpha)
        if planes == "separate":
            values = np.moveaxis(values, -1, 0)
        if 1 in values.shape and planes == "separate" or predictor and compression not in ("zlib", "lzw"):
            continue
        values = values[..., 0] if values.shape[-1] == 1 else values
        file = io.BytesIO()
        try:
            tifffile.imwrite(
                file, values, photometric=colours, extrasamples=[alpha] if alpha else None, byteorder=order,
                planarconfig=planes if values.ndim == 3 else None, compression=compression, tile=tile,
                predictor=predictor, rowsperstrip=None if tile else 8,
            )  # fmt: skip
        except (ValueError, RuntimeError, TypeError, NotImplementedError):
            continue  # a combination that does not exist
        name = f"{type}, {colours}, {alpha}, {planes}, {compression}, {order}, {tile}, {predictor}"
        yield name, file.getvalue()


def rare() -> Iterator[tuple[str, bytes]]:
    """Compressions, sizes of directories, strips of a row, and bits that few writers have."""
    options: list[dict[str, object]] = [
        {"bigtiff": True}, {"rowsperstrip": 1}, {"bigtiff": True, "byteorder": ">"},
        *({"bitspersample": bits} for bits in (2, 4, 6, 10, 12, 14)),
        *({"compression": name, "tile": tile} for name in RARE for tile in (None, (16, 32))),
    ]  # fmt: skip
    for type, colours, alpha, chosen in itertools.product(
        ("uint8", "uint16"), SAMPLES, (None, "unassalpha"), options
    ):
        values = picture(type, SAMPLES[colours], alpha)
        lost = values.dtype.itemsize * 8 - int(chosen.get("bitspersample", values.dtype.itemsize * 8))  # type: ignore[call-overload]
        file = io.BytesIO()
        try:
            tifffile.imwrite(
                file, np.squeeze(values) >> max(0, lost), photometric=colours,
                extrasamples=[alpha] if alpha else None, **chosen,
            )  # fmt: skip
        except (ValueError, RuntimeError, TypeError, NotImplementedError, KeyError):
            continue
        yield f"{type}, {colours}, {alpha}, {chosen}", file.getvalue()


def picture(type: str, samples: int, alpha: str | None) -> np.ndarray:
    """Smooth shades over the range of `type`, the upper rows half transparent, [height, width, samples]."""
    across, down = np.meshgrid(np.linspace(0, 1, WIDTH), np.linspace(0, 1, HEIGHT))
    shades = np.stack([across, down, (across + down) / 2, across * down / 2], -1)[..., :samples]
    if alpha:
        opacity = np.where(down < 0.4, 0.5, 1.0)[..., None]
        shades = np.concatenate([shades * opacity if alpha == "assocalpha" else shades, opacity], -1)
    if type == "bool":
        return shades > 0.5
    kind = np.dtype(type)
    return shades.astype(kind) if kind.kind == "f" else np.round(shades * np.iinfo(kind).max).astype(kind)


def by_hand(values: np.ndarray, bits: int, photometric: int, *, palette: np.ndarray | None = None) -> bytes:
    """A TIFF of one strip of grey or palette values [height, width] of any number of bits."""
    height, width = values.shape
    spread = (values[..., None] >> np.arange(bits)[::-1] & 1).reshape(height, -1)
    packed = values.astype("<u2") if bits == 16 else np.packbits(spread.astype(np.uint8), axis=1)
    data = packed.tobytes()
    fields = {
        256: width,
        257: height,
        258: bits,
        259: 1,
        262: photometric,
        277: 1,
        278: height,
        279: len(data),
    }
    entries = {tag: (4, 1, value) for tag, value in fields.items()}
    start = 8 + 2 + 12 * (len(entries) + 1 + (palette is not None)) + 4
    entries[273] = (4, 1, start)
    if palette is not None:
        entries[320] = (3, palette.size, start + len(data))
        data += palette.astype("<u2").tobytes()
    table = b"".join(struct.pack("<HHII", tag, *entries[tag]) for tag in sorted(entries))
    return b"II*\0\x08\0\0\0" + struct.pack("<H", len(entries)) + table + bytes(4) + data
