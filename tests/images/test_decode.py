"""Every mode and format comes out upright RGB; hostile files come out as an ImageError."""

import io
import os
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from helpers import jpeg_files
from helpers.image_files import RGB, encoded, tiff
from PIL import Image

from inception_hub.errors import ArgumentError, ImageError
from inception_hub.images.decode import decode, picture
from inception_hub.images.loading import load_image, load_images
from inception_hub.images.resize import resize
from inception_hub.images.tiff import OLD_PILLOW

NEW_PILLOW = pytest.mark.skipif(OLD_PILLOW, reason="refused before Pillow 13")


@pytest.mark.parametrize("format", ["PNG", "BMP", "TIFF", "WEBP", "JPEG", "GIF"])
def test_formats(format: str) -> None:
    options = {"WEBP": {"lossless": True}, "JPEG": {"quality": 98, "subsampling": 0}}.get(format, {})
    found = decode(encoded(Image.fromarray(RGB), format, **options))
    assert found.shape == RGB.shape
    assert found.dtype == np.uint8
    tolerance = {"JPEG": 6, "GIF": 24}.get(format, 0)
    assert np.abs(found.astype(int) - RGB).max() <= tolerance


@pytest.mark.parametrize(
    "mode, tolerance",
    [
        ("L", 0),
        ("1", 0),
        ("P", 24),
        ("LA", 0),
        ("RGBA", 0),
        ("CMYK", 3),
        pytest.param("YCbCr", 4, marks=NEW_PILLOW),
    ],
)
def test_modes(mode: str, tolerance: int) -> None:
    image = Image.fromarray(RGB).convert(mode)
    found = decode(encoded(image, "TIFF" if mode in ("CMYK", "YCbCr") else "PNG"))
    reference = np.asarray(image.convert("RGB"))
    assert np.abs(found.astype(int) - reference).max() <= tolerance


def test_a_cmyk_jpeg_is_not_inverted() -> None:
    red = Image.new("RGB", (16, 16), (200, 30, 30)).convert("CMYK")
    found = decode(encoded(red, "JPEG", quality=95)).mean((0, 1))
    assert found == pytest.approx([200, 30, 30], abs=12)


def test_sixteen_bits_are_scaled_not_clipped() -> None:
    """To the nearest of 256 steps of 257: neither by the upper byte nor rounded down."""
    values = np.array([[0, 128, 129, 257, 385, 386, 32768, 65406, 65407, 65535]], np.uint16)
    expected = [0, 0, 1, 1, 1, 2, 128, 254, 255, 255]
    for format in ("PNG", "TIFF"):
        assert decode(encoded(Image.fromarray(values), format))[0, :, 0].tolist() == expected


@pytest.mark.parametrize("mode", ["F", "I"])
def test_wider_values_are_refused(mode: str) -> None:
    image = Image.fromarray(np.full((4, 4), 1e6)).convert(mode)
    with pytest.raises(
        ImageError, match="holds .* values, which are not supported; give an 8-bit or 16-bit image"
    ):
        decode(encoded(image, "TIFF"))


def test_transparency_lies_over_white() -> None:
    image = Image.new("RGBA", (2, 1), (0, 0, 0, 0))
    image.putpixel((1, 0), (255, 0, 0, 255))
    assert decode(encoded(image, "PNG"))[0].tolist() == [[255, 255, 255], [255, 0, 0]]
    palette = Image.new("P", (1, 1), 0)
    assert decode(encoded(palette, "PNG", transparency=0))[0].tolist() == [[255, 255, 255]]


def test_the_first_frame_of_an_animation() -> None:
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    for format in ("GIF", "WEBP", "TIFF", "PNG"):
        content = encoded(frames[0], format, save_all=True, append_images=frames[1:])
        red, _, blue = decode(content).mean((0, 1))
        assert red > 240 and blue < 15, format


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation(orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    found = decode(encoded(Image.fromarray(RGB), "PNG", exif=exif))
    expected = {
        1: RGB, 2: RGB[:, ::-1], 3: RGB[::-1, ::-1], 4: RGB[::-1], 5: RGB.transpose(1, 0, 2),
        6: RGB[::-1].transpose(1, 0, 2), 7: RGB[::-1, ::-1].transpose(1, 0, 2),
        8: RGB[:, ::-1].transpose(1, 0, 2),
    }  # fmt: skip
    assert np.array_equal(found, expected[orientation])


def test_broken_exif_does_not_lose_the_photo() -> None:
    content = encoded(Image.fromarray(RGB), "JPEG", exif=b"Exif\0\0II*\0\xff\xff\xff\xffrubbish")
    assert decode(content).shape == RGB.shape


def test_sources(tmp_path: Path) -> None:
    path = tmp_path / "photo.png"
    content = encoded(Image.fromarray(RGB), "PNG")
    path.write_bytes(content)
    for source in (path, str(path), content, io.BytesIO(content), Image.fromarray(RGB)):
        assert np.array_equal(decode(source), RGB)


def png_header(width: int, height: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0" * 99))
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("side", [10_001, 13_000, 60_000])
def test_too_many_pixels_are_refused_by_the_header(side: int) -> None:
    with pytest.raises(ImageError, match="pixels; at most 100,000,000 are accepted"):
        decode(png_header(side, side))


def test_the_limit_is_settable() -> None:
    with pytest.raises(ImageError, match="has 48 x 32 pixels; at most 1,535 are accepted"):
        decode(encoded(Image.fromarray(RGB), "PNG"), max_pixels=1535)
    assert decode(encoded(Image.fromarray(RGB), "PNG"), max_pixels=1536).shape == RGB.shape


def test_files_that_are_no_photo(tmp_path: Path) -> None:
    (tmp_path / "notes.jpg").write_text("milk, eggs, bread")
    (tmp_path / "empty.jpg").touch()
    for name, reason in [
        ("missing.jpg", "missing.jpg does not exist"),
        ("notes.jpg", "notes.jpg is no readable image"),
        ("empty.jpg", "empty.jpg is empty"),
        (".", "is a folder"),
    ]:
        with pytest.raises(
            ImageError, match=f"{reason}; give a JPEG, PNG, WebP, AVIF, GIF, BMP or TIFF file"
        ):
            decode(tmp_path / name)
    with pytest.raises(ImageError, match="The image is empty; give a JPEG"):
        decode(b"")


def test_formats_outside_the_list_are_refused() -> None:
    with pytest.raises(ImageError, match="is no readable image"):
        decode(encoded(Image.fromarray(RGB), "PPM"))


@pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP", "TIFF", "BMP"])
def test_a_truncated_file_is_never_half_an_image(format: str) -> None:
    content = encoded(
        Image.fromarray(np.random.RandomState(0).randint(0, 256, (32, 48, 3), np.uint8)), format
    )
    for length in range(0, len(content) * 9 // 10, max(1, len(content) // 60)):
        with pytest.raises(ImageError):
            decode(content[:length])


@pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP", "TIFF", "GIF", "BMP"])
def test_flipped_bytes_give_an_image_or_an_error(format: str) -> None:
    content = encoded(Image.fromarray(RGB), format)
    generator = np.random.RandomState(0)
    for _ in range(300):
        damaged = bytearray(content)
        for position in generator.randint(0, len(content), generator.randint(1, 4)):
            damaged[position] = generator.randint(256)
        try:
            image = decode(bytes(damaged))
        except ImageError as error:
            assert "\n" not in str(error)
        else:
            assert image.ndim == 3 and image.shape[2] == 3


@pytest.mark.parametrize(
    "size, least, expected",
    [
        ((640, 480), 256, (480, 640)),  # halved it would be too small
        ((1024, 768), 256, (384, 512)),
        ((2048, 1536), 256, (384, 512)),
        ((4000, 3000), 256, (375, 500)),
        ((1024, 768), None, (768, 1024)),
    ],
)
def test_large_jpegs_are_decoded_reduced(
    size: tuple[int, int], least: int | None, expected: tuple[int, int]
) -> None:
    file = io.BytesIO()
    Image.new("RGB", size, (200, 100, 50)).save(file, "JPEG")
    found = np.asarray(picture(file.getvalue(), least=least))
    assert found.shape == (*expected, 3)
    assert np.abs(found.astype(int) - (200, 100, 50)).max() <= 2
    png = io.BytesIO()
    Image.new("RGB", size).save(png, "PNG")
    assert picture(png.getvalue(), least=least).size == size


def test_a_reduced_jpeg_counts_with_the_pixels_that_are_decoded() -> None:
    """A panorama of 200 megapixels takes no more than its eighth, and says so where it must be whole."""
    panorama = jpeg_files.jpeg(
        jpeg_files.frame(jpeg_files.BASELINE, 20_000, 10_000), [jpeg_files.scan([0, 1, 2])]
    )
    assert picture(panorama, least=256).size == (2500, 1250)
    said = "has 20000 x 10000 pixels; at most 100,000,000 are accepted, 178,956,970 with --max-pixels: make "
    with pytest.raises(ImageError, match=f"{said}it smaller.$"):
        picture(panorama)
    for preset in ("slim", "plain"):
        with pytest.raises(ImageError, match=f"{said}it smaller, or give --resize default, which"):
            load_image(panorama, (64, 64), preset)
    with pytest.raises(ImageError, match="has 20000 x 10000 pixels; at most 3,000,000 are accepted"):
        picture(panorama, least=256, max_pixels=3_000_000)
    with pytest.raises(
        ImageError, match="20000 x 10000 .* at most 178,956,970 are accepted: make it smaller.$"
    ):
        picture(panorama, max_pixels=178_956_970)


def test_a_reduced_photo_is_nearly_the_whole_one() -> None:
    from skimage import data

    file = io.BytesIO()
    Image.fromarray(data.coffee()).resize((2400, 1600)).save(file, "JPEG", quality=95)
    for preset in ("default", "crop", "pad"):
        whole = resize(decode(file.getvalue()), (96, 96), preset)
        reduced = load_image(file.getvalue(), (96, 96), preset)
        assert 0 < np.abs(whole - reduced).mean() < 0.01
    for preset in ("slim", "plain"):  # TF1's arithmetic sees single pixels: those photos stay whole
        expected = resize(decode(file.getvalue()), (96, 96), preset)
        assert np.array_equal(load_image(file.getvalue(), (96, 96), preset), expected)


def test_a_tile_counts_with_its_pixels() -> None:
    with pytest.raises(ImageError, match="has 30000 x 30000 pixels; at most 100,000,000 are accepted"):
        decode(tiff((322, 1, 30_000), (323, 1, 30_000), (324, 1, 8), (325, 1, 8)))


def test_pipes_and_devices_are_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jpg")
    for path in (tmp_path / "pipe.jpg", Path("/dev/zero")):
        with pytest.raises(ImageError, match="is a pipe or a device; give a JPEG"):
            decode(path)


def test_a_link_to_itself_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").symlink_to(tmp_path / "a.jpg")
    with pytest.raises(ImageError, match=r"a.jpg cannot be read \([^\[]+\); give a JPEG"):
        decode(tmp_path / "a.jpg")


@pytest.mark.parametrize("limit", [0, 178_956_971])
def test_limits_that_are_none(limit: int) -> None:
    with pytest.raises(ArgumentError, match=f"max_pixels is {limit}; give a number from 1 to 178,956,970"):
        load_images([b""], (8, 8), max_pixels=limit)


def test_large_photos_lie_over_white_in_strips() -> None:
    values = np.random.RandomState(0).randint(0, 256, (900, 1300, 4), np.uint8)
    image = Image.fromarray(values)
    white = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")
    assert np.array_equal(decode(encoded(image, "PNG", compress_level=1)), np.asarray(white))
