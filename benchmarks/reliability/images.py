"""Damaged and hostile photos of every format, for the table of docs/reliability.md.

    python benchmarks/reliability/images.py [--mutations 2000] [--write-docs]

Small photos of our own making, mutated: `load_image` must give an array in [0, 1] or an `ImageError`.
"""

import argparse
import io
import random
import struct
import time
import zlib
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from rows import report
from trials import clean, mutated, run

from helpers import box_files, profiles  # isort: skip - `trials` makes them importable
from inception_hub.images.boxes import items  # isort: skip

FORMATS: dict[str, list[dict[str, object]]] = {
    "JPEG": [{}, {"progressive": True}, {"exif": b"Exif\0\0II*\0\x08\0\0\0\1\0\x12\1\3\0\1\0\0\0\6\0\0\0"}],
    "PNG": [{}, {"save_all": True}],
    "WEBP": [{}, {"lossless": True}, {"save_all": True}],
    "AVIF": [{}, {"subsampling": "4:4:4", "quality": 95}, {"save_all": True}],
    "HEIC": [{}, {"chroma": 444, "quality": 90}],
    "GIF": [{}, {"save_all": True}],
    "BMP": [{}],
    "TIFF": [{}, {"compression": "tiff_lzw"}, {"compression": "tiff_deflate"}, {"compression": "jpeg"}],
}
# Four blocks of deflate with Huffman tables and nothing else, in 45 bytes.
EMPTY_BLOCKS = bytes.fromhex(
    "04c081000000000090ff6b100007020000000040feaf41001c080000000000f9bf060170200000000000e4ff1a"
)
MODES = {
    "PNG": ("RGB", "RGBA", "L", "P", "I;16", "1"),
    "TIFF": ("RGB", "RGBA", "I;16"),
    "BMP": ("RGB", "P"),
    "AVIF": ("RGB", "RGBA", "L"),
    "HEIC": ("RGB", "RGBA", "L"),
}


def photo(content: bytes) -> bool:
    from inception_hub.images.loading import load_image

    def load() -> None:
        found = load_image(content, (64, 64))
        assert found.shape == (64, 64, 3) and 0 <= found.min() <= found.max() <= 1

    return clean(load)


def seeds(format: str) -> Iterator[bytes]:
    values = np.random.default_rng(0).integers(0, 256, (24, 32, 4), np.uint8)
    for mode in MODES.get(format, ("RGB", "L")):
        for options in FORMATS[format]:
            if options.get("compression") == "jpeg" and mode != "RGB":
                continue
            frame = Image.fromarray(values).convert("L" if mode == "I;16" else mode)
            if mode == "I;16":
                frame = Image.fromarray(np.asarray(frame).astype(np.uint16) << 8)
            others = {"append_images": [frame.rotate(180)] * 3} if options.get("save_all") else {}
            if format in ("AVIF", "HEIC"):
                yield box_files.encoded(frame, format, **options, **others)
            else:
                yield saved(frame, format, **options, **others)


def profiled() -> Iterator[bytes]:
    """Photos with colours of their own, in the formats that hold them plainly."""
    values = np.random.default_rng(0).integers(0, 256, (24, 32, 4), np.uint8)
    for mode, profile in (
        ("RGB", profiles.rgb_profile("display-p3")),
        ("RGB", profiles.rgb_profile("prophoto")),
        ("L", profiles.grey_profile(1.8)),
        ("CMYK", profiles.cmyk_profile()),
    ):
        yield saved(Image.fromarray(values).convert(mode), "TIFF", icc_profile=profile)


def profile_mutations(count: int) -> Iterator[bytes]:
    """The same with the profile mutated behind its header, half of them in a way that keeps its length."""
    generator = random.Random("profile")
    kinds = list(profiled())
    for number in range(count):
        content = kinds[number % len(kinds)]
        start = content.index(b"acsp") + 92
        end = start + 400
        changed = mutated(content[start:end], generator)
        yield content[:start] + (changed[:400].ljust(400, b"\0") if number % 2 else changed) + content[end:]


def colour_mutations(count: int) -> Iterator[bytes]:
    """Chunks and boxes that name colours by numbers, mutated, the checksums of chunks right."""
    generator = random.Random("colours")
    values = np.random.default_rng(0).integers(0, 256, (24, 32, 4), np.uint8)
    plain = [saved(Image.fromarray(values).convert(mode), "PNG") for mode in MODES["PNG"] if mode != "I;16"]
    coded = [box_files.encoded(Image.fromarray(values[..., :3]), format) for format in ("AVIF", "HEIC")]
    chunks = {
        b"cICP": bytes([12, 13, 0, 1]),
        b"gAMA": (50_000).to_bytes(4),
        b"cHRM": struct.pack(">8I", 31270, 32900, 68000, 32000, 26500, 69000, 15000, 6000),
        b"sRGB": b"\0",
    }
    for number in range(count):
        if number % 3 == 0:
            content = coded[number % 2]
            start, end = content.index(b"meta"), content.index(b"mdat") - 4
            yield content[:start] + mutated(content[start:end], generator) + content[end:]
            continue
        used = generator.sample(sorted(chunks), generator.randrange(1, 5))
        named = b"".join(
            chunk(kind, mutated(chunks[kind], generator)[: len(chunks[kind])].ljust(len(chunks[kind]), b"\0"))
            for kind in used
        )
        content = plain[number % len(plain)]
        yield content[:33] + named + content[33:]


def mutations(format: str, count: int) -> Iterator[bytes]:
    """Every seed as it is, cut short, and mutated; `count` in all."""
    generator = random.Random(format)
    kinds = list(seeds(format))
    yield from kinds
    for number in range(count - len(kinds)):
        seed = kinds[number % len(kinds)]
        yield seed[: generator.randrange(len(seed))] if number % 10 == 0 else mutated(seed, generator)


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def saved(image: Image.Image, format: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, format, **options)  # type: ignore[arg-type]
    return file.getvalue()


def bombs() -> Iterator[bytes]:
    """Small files that ask for much: pixels, parts, scans, frames, text."""
    small = Image.new("RGB", (64, 48))
    png, jpeg, gif = (saved(small, format) for format in ("PNG", "JPEG", "GIF"))
    for side in (9_999, 10_001, 30_000, 65_500, 2_000_000_000):
        header = chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0))
        yield png[:8] + header + chunk(b"IDAT", zlib.compress(bytes(1 << 20))) + png[-12:]
        yield b"GIF89a" + struct.pack("<HH", side & 0xFFFF, side & 0xFFFF) + gif[10:]
        bmp = b"BM" + struct.pack("<IIIIiiHHIIIIII", 100, 0, 54, 40, side, side, 1, 24, 0, 0, 0, 0, 0, 0)
        yield bmp + bytes(1000)
    for mode in ("L", "LA", "RGB", "RGBA", "P", "I;16", "1"):
        yield saved(Image.new(mode, (10_000, 10_000)), "PNG", compress_level=1)
    yield saved(Image.new("RGB", (16_000, 6_000)), "WEBP", quality=1, method=0)
    large = saved(Image.new("L", (10_000, 10_000)), "JPEG", progressive=True)
    scan = large[large.rindex(b"\xff\xda") : -2]
    for repeated in (10, 80, 100, 50_000):
        yield large[:-2] + scan * repeated + large[-2:]
    for kind in (b"zTXt", b"iCCP"):
        yield png[:33] + chunk(kind, b"k\0\0" + zlib.compress(bytes(100 << 20))) + png[33:]
    yield png[:33] + chunk(b"iTXt", b"k\0\1\0\0\0" + zlib.compress(bytes(100 << 20))) + png[33:]
    yield png[:33] + chunk(b"teSt", b"") * 1_000_000 + png[33:]
    yield png[:-12] + chunk(b"IDAT", b"") * 1_000_000 + png[-12:]
    yield jpeg[:2] + b"\xff" * 50_000_000 + jpeg[2:]
    yield jpeg[:2] + b"\0" * 50_000_000 + jpeg[2:]
    yield jpeg[:2] + b"\xff\xe9\0\2" * 10_000_000 + jpeg[2:]
    palette = 13 + 3 * (2 << (gif[10] & 7))
    for block in (b"\x01a", b"\xff" + b"a" * 255):
        yield gif[:palette] + b"\x21\xfe" + block * 1_000_000 + b"\0" + gif[palette:]
    yield gif[:-1] + gif[palette:-1] * 100_000 + b";"  # frames without end
    for compression, tag in ((1, 273), (5, 273), (5, 324), (8, 324)):
        for side, count in ((65_535, 1), (64, 10_000_000)):
            tags = {256: 64, 257: 64, 258: 8, 259: compression, 262: 1, 277: 1, 278: 1, 322: side, 323: side}
            entries = [(number, 1, value) for number, value in tags.items()] + [(tag, count, 8), (279, 1, 8)]
            directory = b"".join(struct.pack("<HHII", n, 4, c, value) for n, c, value in sorted(entries))
            yield b"II*\0\x08\0\0\0" + struct.pack("<H", len(entries)) + directory + bytes(40_000_000)
    (part,) = (item.data for item in items(saved(small, "AVIF")))
    header = part[2 : 2 + 2 + part[3]]  # behind the temporal delimiter
    frame = part[2 + len(header) :]
    for repeated in (8, 9, 100_000):
        yield box_files.file([(b"av01", header + frame * repeated)], b"avif")
    for tiles in (2, 4_000):
        grid = [(b"grid", bytes(2) + b"\0\0" + struct.pack(">HH", 64, 48)), *[(b"av01", part)] * tiles]
        yield box_files.file(grid, b"avif", shown=range(2, tiles + 2))
    yield box_files.file([(b"hvc1", b"\0\0\0\3\x26\1\x80" * 9_999)], b"heic")
    overlapping = b"".join(struct.pack("<HHII", tag, 1, 1 << 20, 0) for tag in range(1, 65_535))
    yield b"II*\0\x08\0\0\0" + struct.pack("<H", 65_534) + overlapping + bytes(1 << 20)


def photo_in_time(content: bytes) -> bool:
    """The same of one that takes as long as is accepted."""
    from inception_hub.images.photo_file import MAX_SECONDS

    started = time.process_time()
    answered = photo(content)
    assert time.process_time() - started <= MAX_SECONDS + 0.5, "too slow"  # half a second to end in
    return answered


def slow() -> Iterator[bytes]:
    """Large photos whose compression is the slowest to undo, about as large as is accepted."""
    generator = np.random.default_rng(0)

    def values(side: int, bands: int) -> NDArray[np.uint8]:
        any_of_256 = generator.integers(0, 256, 10_000_019, np.uint8)  # more than LZMA's window
        mixed = np.where(generator.integers(0, 2, any_of_256.shape, bool), any_of_256, any_of_256 & 3)
        return np.resize(mixed, (side, side, bands))

    for side, bits, kind, bands in ((9_999, 8, 2, 3), (9_390, 8, 6, 4), (7_190, 16, 6, 8), (8_075, 16, 2, 6)):
        rows = values(side, bands).reshape(side, -1)
        rows = np.concatenate([np.full((side, 1), 4, np.uint8), rows], 1)  # 4: Paeth's filter
        deflate = zlib.compressobj(1, zlib.DEFLATED, 15, 9, zlib.Z_HUFFMAN_ONLY)
        data = deflate.compress(rows.tobytes()) + deflate.flush()
        header = chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, bits, kind, 0, 0, 0))
        yield b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", data) + chunk(b"IEND", b"")
    empty = EMPTY_BLOCKS * 3_000_000
    yield (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", 99, 99, 8, 2, 0, 0, 0))
        + b"".join(
            chunk(b"IDAT", b"\x78\x01" * (not start) + empty[start : start + (1 << 20)])
            for start in range(0, len(empty), 1 << 20)
        )
    )
    for size in (10_000_000, 80_000_000):
        yield tiff(8, b"\x78\x01" + empty[:size])
        yield tiff(5, bytes([0x80, 0x40, 0x20, 0x10, 8, 4, 2, 1, 0]) * (size // 9))  # the table emptied
    for compression, side in (("lzma", 5_500), ("tiff_adobe_deflate", 6_500), ("tiff_lzw", 9_000)):
        yield saved(Image.fromarray(values(side, 3)), "TIFF", compression=compression)
    yield saved(Image.fromarray(values(6_000, 3)), "WEBP", quality=80, method=0)
    yield saved(Image.fromarray(values(4_000, 3)), "AVIF", quality=90, speed=10)
    yield saved(Image.new("RGB", (12_000, 8_000)), "AVIF", speed=10)
    cmyk = Image.new("CMYK", (9_000, 9_000), (9, 99, 199, 0))
    yield saved(cmyk, "JPEG", icc_profile=profiles.cmyk_profile())
    yield saved(Image.fromarray(values(6_000, 4)), "WEBP", lossless=True, quality=0, method=0)
    yield saved(Image.fromarray(values(9_999, 1)[..., 0]), "GIF")
    runs = struct.pack("<IiiHHIIiiII", 40, 49_000_000, 1, 1, 8, 1, 6, 0, 0, 256, 0) + bytes(1024)
    yield b"BM" + struct.pack("<IHHI", 1084, 0, 0, 1078) + runs + b"\1\1\0\0\0\1"


def tiff(compression: int, data: bytes) -> bytes:
    tags = {256: 64, 257: 64, 258: 8, 259: compression, 262: 1, 273: 122, 277: 1, 278: 64, 279: len(data)}
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags.items())
    return b"II*\0\x08\0\0\0" + struct.pack("<H", len(tags)) + entries + bytes(4) + data


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--mutations", type=int, default=2000, help="of each format")
    parser.add_argument("--write-docs", action="store_true")
    given = parser.parse_args()
    rows = [run(f"{format}, mutated", photo, mutations(format, given.mutations)) for format in FORMATS]
    rows.append(run("bombs: pixels, scans, frames, parts, texts, tiles", photo, bombs()))
    rows.append(run("slow: deflate, LZMA, LZW, WebP, AVIF, GIF, runs, profiles", photo_in_time, slow()))
    rows.insert(-2, run("ICC profiles, mutated", photo, profile_mutations(given.mutations)))
    rows.insert(-2, run("colours named by numbers, mutated", photo, colour_mutations(given.mutations)))
    report(
        "images",
        rows,
        "Pillow's decoders, as the base install has them, and pillow-heif.",
        write_docs=given.write_docs,
    )


if __name__ == "__main__":
    main()
