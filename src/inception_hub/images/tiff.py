"""What a TIFF's first image is and how long it may take to decode, from its tags.

Pillow reads some layouts of TIFF as others; those are refused, or put right where that is simple.
`tests/images/test_second_decoder.py` compares what is left with another decoder.
"""

import PIL
from PIL import ImagePalette, TiffTags
from PIL.TiffImagePlugin import TiffImageFile

from . import jpeg
from .modes import INVERTED, LARGEST
from .photo_file import PhotoFile, Refused, Unsupported

# Nanoseconds of a core for a byte of the file and a byte that comes of it, by the compression's name in
# Pillow; some ten compressed bytes can make a decoder set up its tables for nothing. benchmarks/reliability/
# images.py tries the slowest.
BYTES = {
    "raw": (0, 2),
    "tiff_ccitt": (15, 50),
    "group3": (15, 50),
    "group4": (15, 80),
    "packbits": (3, 5),
    "tiff_lzw": (15, 6),
    "tiff_adobe_deflate": (70, 10),
    "tiff_deflate": (70, 10),
    "zstd": (200, 5),
    "lzma": (150, 35),
}
PIXEL = 20  # colours, turning upright, resizing
STRIP = 50_000  # with JPEG tables of its own
BITS, STRIP_OFFSETS, SAMPLES, ROWS, STRIP_BYTES, PLANES = 258, 273, 277, 278, 279, 284
TILE_WIDTH, TILE_HEIGHT, TILE_OFFSETS, TILE_BYTES = 322, 323, 324, 325
PHOTOMETRIC, PALETTE, FORMAT, SUBSAMPLING = 262, 320, 339, 530
WHITE_IS_ZERO, YCBCR = 0, 6  # of PHOTOMETRIC
# Before 13 Pillow takes uncompressed luma and chroma for red, green and blue, and its wheels have no zstd.
OLD_PILLOW = int(PIL.__version__.split(".")[0]) < 13
FORMATS = {2: "signed {}-bit", 3: "floating-point", 4: "undefined", 5: "complex", 6: "complex"}


def open_tiff(file: PhotoFile, name: str) -> TiffImageFile:
    """The image in `file`, called `name`, not decoded yet; raises `Refused` for what Pillow trips over."""
    if file.whole(4) == b"MM\0+":
        raise Refused("a BigTIFF in big-endian order")
    try:
        return TiffImageFile(file, name)
    except SyntaxError as error:
        unknown = error.__cause__.args[0] if isinstance(error.__cause__, KeyError) else None
        if not isinstance(unknown, int) or unknown in TiffTags.TAGS_V2:
            raise  # another layout, or it lacks what a TIFF must have
        raise Refused(f"a TIFF compressed by method {unknown}") from error


def amend(image: TiffImageFile) -> None:
    """Puts into `image`, just opened, what Pillow takes for other than it is.

    Raises `Unsupported` for a layout that it reads wrongly, or whose values have no known range.
    """
    tags = image.tag_v2
    bits, kinds = max(tags.get(BITS, (1,))), set(tags.get(FORMAT, (1,)))
    for kind in kinds - {1}:
        raise Unsupported(f"{FORMATS.get(kind, 'unknown').format(bits)} values")
    if bits > 16:
        raise Unsupported(f"{bits}-bit values")
    raw = image.info.get("compression") == "raw"
    if tags.get(PLANES, 1) == 2 and tags.get(SAMPLES, 1) > 1 and not _planes_are_read(image.mode, bits, raw):
        raise Unsupported(f"colours or transparency in separate planes of {bits} bits")
    if tags.get(PHOTOMETRIC) == YCBCR and raw and tags.get(SUBSAMPLING, (2, 2)) != (1, 1):
        raise Unsupported("subsampled colours without compression")
    if tags.get(PHOTOMETRIC) == YCBCR and raw and OLD_PILLOW:
        raise Unsupported("luma and chroma without compression before Pillow 13")
    if image.mode == "I;16":
        image.info[LARGEST] = (1 << bits) - 1
        image.info[INVERTED] = tags.get(PHOTOMETRIC, WHITE_IS_ZERO) == WHITE_IS_ZERO
    palette = tags.get(PALETTE, ())
    if image.mode in ("P", "PA") and palette and max(palette) < 256:  # as some writers have it, for 16 bits
        image.palette = ImagePalette.raw("RGB;L", bytes(palette))


def _planes_are_read(mode: str, bits: int, raw: bool) -> bool:
    return mode in ("RGB", "RGBA", "CMYK") and (bits == 8 or not raw)


def nanoseconds(image: TiffImageFile, file: PhotoFile, most: float) -> float:
    """An upper bound, exact only below `most`; raises `Refused` for a compression that photos do not have."""
    compression = str(image.info.get("compression"))
    pixels = _pixels(image)
    if compression == "jpeg":
        return PIXEL * pixels + _strips(image, file, most)
    if compression not in BYTES or (compression == "zstd" and OLD_PILLOW):
        raise Refused(f"a TIFF compressed by {compression}")
    read, made = BYTES[compression]
    bits = image.tag_v2.get(BITS, (1,))
    bits = sum(bits) if len(bits) > 1 else bits[0] * image.tag_v2.get(SAMPLES, 1)
    return PIXEL * pixels + read * file.size + made * pixels * bits / 8


def _pixels(image: TiffImageFile) -> int:
    """Pixels of all strips or tiles, the parts outside the image and repetitions included."""
    tags, (width, height) = image.tag_v2, image.size
    across, down = width, max(1, min(tags.get(ROWS, height), height))
    count = len(tags.get(STRIP_OFFSETS, ()))
    if TILE_OFFSETS in tags:
        across, down = max(1, tags.get(TILE_WIDTH, width)), max(1, tags.get(TILE_HEIGHT, height))
        count = max(count, len(tags[TILE_OFFSETS]))
    planes = tags.get(SAMPLES, 1) if tags.get(PLANES, 1) == 2 else 1
    return across * down * max(-(-width // across) * -(-height // down), -(-count // max(1, planes)))


def _strips(image: TiffImageFile, file: PhotoFile, most: float) -> float:
    """Of the JPEGs that strips or tiles are."""
    tags, total = image.tag_v2, 0.0
    offsets = (*tags.get(STRIP_OFFSETS, ()), *tags.get(TILE_OFFSETS, ()))
    lengths = (*tags.get(STRIP_BYTES, ()), *tags.get(TILE_BYTES, ()))
    if len(offsets) != len(lengths):
        raise Refused("JPEG strips or tiles of unknown length")
    if len(offsets) == 1:
        lengths = (file.size,)  # libtiff makes its own guess where the only one looks wrong
    content = memoryview(file.whole()) if jpeg.BYTE * file.size < most else memoryview(b"")
    for start, length in zip(offsets, lengths, strict=True):
        total += STRIP + jpeg.BYTE * min(length, file.size)
        if total > most:
            break
        total += jpeg.nanoseconds(bytes(content[start : start + length]))
    return total
