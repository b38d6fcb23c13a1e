"""Colours of cameras, screens and printers become sRGB; profiles that are none change nothing."""

import struct

import numpy as np
import pytest
from helpers import box_files
from helpers.image_files import encoded
from helpers.profiles import (
    D50,
    SPACES,
    cmyk_profile,
    grey_profile,
    parametric,
    profile,
    rgb_profile,
    rgb_tags,
    srgb,
    xyz,
)
from PIL import Image

from inception_hub.images import colours
from inception_hub.images.decode import decode
from inception_hub.images.loading import load_image
from inception_hub.images.photo_file import MAX_PROFILE

PIXELS = np.random.default_rng(0).integers(0, 256, (24, 32, 3), np.uint8)
P3 = rgb_profile("display-p3")


@pytest.mark.parametrize("name", SPACES)
@pytest.mark.parametrize("format, options", [("PNG", {}), ("TIFF", {}), ("WEBP", {"lossless": True})])
def test_colours_are_what_the_book_says(name: str, format: str, options: dict[str, bool]) -> None:
    content = encoded(Image.fromarray(PIXELS), format, icc_profile=rgb_profile(name), **options)
    difference = np.abs(decode(content).astype(int) - srgb(name, PIXELS))
    assert difference.max() <= 1


def test_a_jpeg_is_converted_whole_and_reduced() -> None:
    image = Image.new("RGB", (256, 192), (200, 60, 30))
    expected = srgb("display-p3", np.array([[200, 60, 30]]))[0]
    content = encoded(image, "JPEG", icc_profile=P3, quality=95)
    assert np.abs(decode(content).astype(int) - expected).max() <= 3
    assert np.abs(load_image(content, (32, 32)) * 255 - expected).max() <= 3


@pytest.mark.parametrize("format", ["AVIF", "HEIC"])
def test_avif_and_heic_name_their_colours_by_numbers(format: str) -> None:
    if format == "HEIC":
        pytest.importorskip("pillow_heif")
    image = Image.new("RGB", (64, 48), (200, 60, 30))
    plain = box_files.encoded(image, format, quality=95)
    found = decode(plain).astype(int)
    for transfer in (13, 1):
        expected = srgb("display-p3", found.astype(np.uint8))
        assert np.abs(decode(box_files.coloured(plain, 12, transfer)).astype(int) - expected).max() <= 1
    unknown = [(77, 99)] if format == "AVIF" else []  # libheif refuses the picture
    for numbers in ((1, 13), (1, 1), (1, 6), (2, 2), *unknown):
        assert np.array_equal(decode(box_files.coloured(plain, *numbers)), found)
    for preset in ("slim", "plain"):
        content = box_files.coloured(plain, 12, 13)
        assert np.array_equal(load_image(content, (16, 16), preset), load_image(plain, (16, 16), preset))


def test_a_profile_counts_before_numbers() -> None:
    image = Image.new("RGB", (64, 48), (200, 60, 30))
    both = box_files.coloured(
        box_files.encoded(image, "AVIF", quality=95, icc_profile=rgb_profile("swapped")), 12, 13
    )
    assert np.abs(decode(both).astype(int) - [60, 200, 30]).max() <= 3


def test_the_originals_own_presets_see_what_it_saw() -> None:
    content = encoded(Image.fromarray(PIXELS), "PNG", icc_profile=rgb_profile("swapped"))
    plain = encoded(Image.fromarray(PIXELS), "PNG")
    for preset in ("slim", "plain"):
        assert np.array_equal(load_image(content, (16, 16), preset), load_image(plain, (16, 16), preset))
    assert not np.array_equal(load_image(content, (16, 16)), load_image(plain, (16, 16)))


def test_transparent_and_indexed_pictures_are_converted_before_they_lie_over_white() -> None:
    rgba = Image.fromarray(PIXELS).convert("RGBA")
    rgba.putalpha(128)
    found = decode(encoded(rgba, "PNG", icc_profile=rgb_profile("swapped")))
    expected = (srgb("swapped", PIXELS).astype(int) * 128 + 255 * 127) / 255
    assert np.abs(found - expected).max() <= 1
    indexed = Image.fromarray(PIXELS).convert("P")
    shown = np.asarray(indexed.convert("RGB"))
    found = decode(encoded(indexed, "PNG", icc_profile=P3))
    assert np.abs(found.astype(int) - srgb("display-p3", shown)).max() <= 1


@pytest.mark.parametrize("mode", ["L", "LA", "I;16"])
def test_greys_have_their_own_profiles(mode: str) -> None:
    linear = grey_profile(1.0)  # a fifth of the light is much brighter than a fifth of the way to white
    image = Image.new("L", (4, 4), 51)
    if mode == "I;16":
        image = Image.fromarray(np.full((4, 4), 51 * 257, np.uint16))
    elif mode == "LA":
        image = image.convert("LA")
    found = decode(encoded(image, "PNG", icc_profile=linear))
    assert np.abs(found.astype(int) - 124).max() <= 1


def test_deep_grey_with_transparency_has_it_too() -> None:
    from zlib import compress

    from helpers import png_files
    from helpers.image_files import chunk

    values = np.full((4, 4, 2), 51 * 257)
    values[..., 1] = 65535
    before = chunk(b"iCCP", b"ours\0\0" + compress(grey_profile(1.0)))
    found = decode(png_files.png(values, png_files.GREY_ALPHA, 16, before=before))
    assert np.abs(found.astype(int) - 124).max() <= 1


def test_inks_have_their_own_profiles() -> None:
    """Of our printer, whose first ink is red, not cyan."""
    inks = np.zeros((8, 8, 4), np.uint8)
    inks[..., 0] = 255
    printed = Image.frombytes("CMYK", (8, 8), inks.tobytes())
    content = encoded(printed, "TIFF", icc_profile=cmyk_profile())
    assert np.abs(decode(content).astype(int) - [255, 0, 0]).max() <= 6
    without = encoded(printed, "TIFF")
    assert np.abs(decode(without).astype(int) - [0, 255, 255]).max() <= 1


def test_srgb_under_another_name_changes_no_pixel() -> None:
    assert colours._transform(rgb_profile("srgb")) is None
    content = encoded(Image.fromarray(PIXELS), "PNG", icc_profile=rgb_profile("srgb"))
    assert np.array_equal(decode(content), PIXELS)


WRONG = {
    "empty": b"",
    "rubbish": b"rubbish" * 100,
    "cut short": P3[:200],
    "no tags": P3[:128] + bytes(4),
    "more tags than bytes": P3[:128] + struct.pack(">I", 90) + P3[132:],
    "of greys": grey_profile(),
    "of inks": cmyk_profile(),
    "too large": P3 + bytes(MAX_PROFILE),
    "of a device link": P3[:12] + b"link" + P3[16:],
    "with programs": profile(b"RGB ", [*rgb_tags("swapped"), (b"B2D0", b"mpet" + bytes(200))]),
    "without a curve": profile(b"RGB ", [(b"wtpt", xyz(D50)), (b"rXYZ", xyz(D50))]),
    "curves of no kind": P3.replace(b"para\0\0\0\0\0\3", b"para\0\0\0\0\0\x09"),
}


@pytest.mark.parametrize("kind", WRONG)
@pytest.mark.parametrize("format", ["PNG", "TIFF", "JPEG"])
def test_a_profile_that_is_none_is_ignored(kind: str, format: str) -> None:
    """As browsers do: the picture itself is whole."""
    content = encoded(Image.fromarray(PIXELS), format, icc_profile=WRONG[kind])
    assert np.array_equal(decode(content), decode(encoded(Image.fromarray(PIXELS), format)))


def test_a_picture_of_pillows_brings_its_profile_and_stays_as_it_was() -> None:
    image = Image.fromarray(PIXELS)
    image.info["icc_profile"] = P3
    assert np.abs(decode(image).astype(int) - srgb("display-p3", PIXELS)).max() <= 1
    assert np.array_equal(np.asarray(image), PIXELS)


def test_the_exponents_of_a_curve_may_be_anything() -> None:
    for exponent in (0.0, -1.0, 1e-4, 30000.0):
        tags = [(f"{c}XYZ".encode(), xyz(D50)) for c in "rgb"]
        tags += [(f"{c}TRC".encode(), parametric(0, exponent)) for c in "rgb"]
        content = encoded(Image.fromarray(PIXELS), "PNG", icc_profile=profile(b"RGB ", tags))
        assert decode(content).shape == PIXELS.shape
