"""What is not a PNG's picture can neither harm nor hide it."""

import io
import struct
import zlib

import numpy as np
import pytest
from helpers import png_files
from helpers.image_files import RGB, chunk, encoded
from helpers.profiles import SPACES, rgb_profile, srgb
from PIL import Image

from inception_hub.errors import ImageError
from inception_hub.images.decode import decode
from inception_hub.images.photo_file import MAX_PROFILE
from inception_hub.images.png import PngPicture

PNG = encoded(Image.fromarray(RGB), "PNG")
BOMB = zlib.compress(bytes(30 << 20))
EXIF = b"II*\0\x08\0\0\0\1\0\x12\1\3\0\1\0\0\0\3\0\0\0\0\0\0\0"  # upside down
HEX = b"\nexif\n%8d\n%s\n" % (6 + len(EXIF), (b"Exif\0\0" + EXIF).hex().encode())


def damaged(made: bytes) -> bytes:
    """A chunk whose checksum is another."""
    return made[:-1] + bytes([made[-1] ^ 1])


def profile(content: bytes) -> bytes:
    return chunk(b"iCCP", b"ours\0\0" + zlib.compress(content))


BESIDE = {
    "text that expands": chunk(b"zTXt", b"Comment\0\0" + BOMB),
    "text of a camera that expands": chunk(b"zTXt", b"Raw profile type exif\0\0" + BOMB),
    "international text that expands": chunk(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + BOMB),
    "profile that expands": profile(bytes(30 << 20)),
    "much text": chunk(b"tEXt", b"Comment\0" + b"a" * (2 << 20)) * 40,
    "text of no compression": chunk(b"zTXt", b"XML:com.adobe.xmp\0\7rubbish"),
    "damaged text": damaged(chunk(b"tEXt", b"Comment\0abc")),
    "damaged date": damaged(chunk(b"tIME", bytes(7))),
    "short date, gamma and size": chunk(b"tIME", b"") + chunk(b"gAMA", b"1") + chunk(b"pHYs", b"12"),
    "damaged profile": damaged(profile(rgb_profile("display-p3"))),
    "profile of rubbish": chunk(b"iCCP", b"ours\0\0rubbish"),
    "profile without a name": chunk(b"iCCP", b""),
    "damaged transparency": damaged(chunk(b"tRNS", bytes(6))),
    "damaged camera data": damaged(chunk(b"eXIf", EXIF)),
    "rubbish of a camera": chunk(b"eXIf", b"rubbish"),
    "animation without frames": chunk(b"acTL", struct.pack(">II", 0, 0)),
    "animation of rubbish": chunk(b"acTL", b"") + chunk(b"fcTL", b"1") + chunk(b"fdAT", b""),
}


@pytest.mark.parametrize("kind", BESIDE)
def test_what_is_not_the_picture_is_left_out(kind: str) -> None:
    for place in (33, len(PNG) - 12):  # behind the header, and behind the pixels
        assert np.array_equal(decode(PNG[:place] + BESIDE[kind] + PNG[place:]), RGB)


@pytest.mark.parametrize(
    "made",
    [
        chunk(b"eXIf", EXIF),
        chunk(b"tEXt", b"Raw profile type exif\0" + HEX),
        chunk(b"zTXt", b"Raw profile type exif\0\0" + zlib.compress(HEX)),
        chunk(b"iTXt", b'XML:com.adobe.xmp\0\0\0\0\0<x:xmpmeta tiff:Orientation="3"/>'),
        chunk(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(b'<x tiff:Orientation="3"/>')),
    ],
)
def test_what_turns_it_upright_is_kept(made: bytes) -> None:
    for place in (33, len(PNG) - 12):
        content = PNG[:place] + chunk(b"tEXt", b"Comment\0a") + made + PNG[place:]
        assert np.array_equal(decode(content), RGB[::-1, ::-1])


def test_a_profile_of_several_megabytes_counts() -> None:
    wide = rgb_profile("prophoto")
    filled = wide + bytes(2 << 20)
    found = decode(PNG[:33] + profile(filled) + PNG[33:])
    assert np.abs(found.astype(int) - srgb("prophoto", RGB)).max() <= 1
    assert np.array_equal(decode(PNG[:33] + profile(wide + bytes(MAX_PROFILE)) + PNG[33:]), RGB)


def codes(*numbers: int) -> bytes:
    return chunk(b"cICP", bytes(numbers))


def gamma(value: int) -> bytes:
    return chunk(b"gAMA", value.to_bytes(4))


def chromaticities(name: str) -> bytes:
    red, green, blue, white = SPACES[name]
    return chunk(b"cHRM", struct.pack(">8I", *(round(v * 1e5) for p in (white, red, green, blue) for v in p)))


P3, SRGB, SWAPPED = codes(12, 13, 0, 1), chunk(b"sRGB", b"\0"), profile(rgb_profile("swapped"))
ADOBE = gamma(45470) + chromaticities("adobe-rgb")
# Which colours the pixels are of: the chunks, and the space whose colours they are.
COLOURS = {
    "numbers": (P3, "display-p3"),
    "numbers before a profile": (SWAPPED + P3, "display-p3"),
    "numbers of sRGB before a profile": (SWAPPED + codes(1, 13, 0, 1), "srgb"),
    "numbers of nothing": (codes(2, 2, 0, 1) + SWAPPED, "swapped"),
    "numbers of luminance": (codes(12, 13, 1, 1), "srgb"),
    "numbers of the narrow range": (codes(12, 13, 0, 0), "srgb"),
    "too many numbers": (codes(12, 13, 0, 1, 1), "srgb"),
    "damaged numbers": (damaged(P3), "srgb"),
    "a profile before sRGB": (SRGB + SWAPPED, "swapped"),
    "sRGB before gamma": (gamma(100_000) + chromaticities("swapped") + SRGB, "srgb"),
    "gamma and chromaticities": (ADOBE, "adobe-rgb"),
    "the gamma that stands for sRGB's curve": (gamma(45455) + chromaticities("display-p3"), "display-p3"),
    "the same alone": (gamma(45454), "srgb"),
    "chromaticities alone": (chromaticities("display-p3"), "srgb"),
    "no gamma": (gamma(0) + chromaticities("display-p3"), "srgb"),
    "no chromaticities": (gamma(45455) + chunk(b"cHRM", bytes(32)), "srgb"),
    "a profile that is none before gamma": (ADOBE + profile(b""), "adobe-rgb"),
}


@pytest.mark.parametrize("kind", COLOURS)
def test_colours(kind: str) -> None:
    chunks, name = COLOURS[kind]
    shown = srgb(name, RGB).astype(int)
    assert np.abs(decode(PNG[:33] + chunks + PNG[33:]) - shown).max() <= 1
    palette = encoded(Image.fromarray(RGB).convert("P", palette=Image.Palette.ADAPTIVE), "PNG")
    indexed = decode(palette[:33] + chunks + palette[33:])
    assert np.abs(indexed.astype(int) - srgb(name, decode(palette))).max() <= 1


@pytest.mark.parametrize("chunks", [P3, SWAPPED, ADOBE])
def test_colours_behind_the_pixels_or_the_palette_are_none(chunks: bytes) -> None:
    assert np.array_equal(decode(PNG[:-12] + chunks + PNG[-12:]), RGB)
    palette = encoded(Image.fromarray(RGB).convert("P"), "PNG")
    place = palette.index(b"IDAT") - 4
    assert np.array_equal(decode(palette[:place] + chunks + palette[place:]), decode(palette))


def test_greys_have_their_curve() -> None:
    for mode in ("L", "LA", "I;16"):
        image = Image.new("L", (4, 4), 51)
        if mode == "I;16":
            image = Image.fromarray(np.full((4, 4), 51 * 257, np.uint16))
        plain = encoded(image.convert("LA") if mode == "LA" else image, "PNG")
        for chunks in (gamma(100_000), codes(12, 8, 0, 1), gamma(100_000) + chromaticities("swapped")):
            found = decode(plain[:33] + chunks + plain[33:])
            assert np.abs(found.astype(int) - 124).max() <= 1, mode


def test_only_the_first_of_a_kind_is_expanded() -> None:
    first, second = (chunk(b"eXIf", EXIF.replace(b"\3\0\0\0\0\0", bytes([n]) + bytes(5))) for n in (3, 2))
    assert np.array_equal(decode(PNG[:33] + first + second + PNG[33:]), RGB[::-1, ::-1])


def test_one_colour_of_sixteen_bits_is_transparent_in_all_of_them() -> None:
    values = np.full((4, 4, 3), 0x1234)
    values[0, 0, 2] = 0x1235  # the same in its upper eight bits
    values[1, 1] = 0xFFFF
    clear = png_files.transparency(png_files.RGB, [0x1234] * 3)
    found = decode(png_files.png(values, png_files.RGB, 16, before=clear))
    assert found[0, 0].tolist() == [0x12] * 3
    assert (found == 255).all(-1).sum() == 15


def test_grey_that_is_transparent_is_white() -> None:
    for bits in (1, 2, 4, 8, 16):
        values = np.arange(4).reshape(2, 2, 1) % 2**bits
        clear = png_files.transparency(png_files.GREY, [1])
        found = decode(png_files.png(values, png_files.GREY, bits, before=clear))
        assert found[0, 1].tolist() == [255] * 3 and found[0, 0].tolist() == [0] * 3, bits


@pytest.mark.parametrize("kind", [b"IHDR", b"IDAT", b"PLTE"])
def test_the_picture_itself_must_be_whole(kind: bytes) -> None:
    content = encoded(Image.fromarray(RGB).convert("P"), "PNG")
    place = content.index(kind)
    with pytest.raises(ImageError, match="is damaged"):
        decode(content[: place + 4] + b"\xff" + content[place + 5 :])


def test_the_picture_reads_like_a_file() -> None:
    content = PNG[:33] + BESIDE["text that expands"] + PNG[33:-12] + BESIDE["damaged date"] + PNG[-12:]
    picture = PngPicture(io.BytesIO(content + b"film of a phone"))
    assert picture.read() == PNG and picture.tell() == len(PNG)
    assert picture.seek(-12, 2) == len(PNG) - 12 and picture.read() == PNG[-12:]
    assert picture.seek(30) == 30 and picture.read(10) + picture.read(10) + picture.read(10) == PNG[30:53]
    assert picture.seek(1 << 40) and picture.read() == b""
