"""The bound on decoding a TIFF."""

import io
import struct

import numpy as np
import pytest
import tifffile
from helpers import jpeg_files as j
from helpers.image_files import RGB, encoded, tiff
from PIL import Image

from inception_hub.errors import ImageError
from inception_hub.images import cost
from inception_hub.images.decode import decode
from inception_hub.images.tiff import OLD_PILLOW

NEW_PILLOW = pytest.mark.skipif(OLD_PILLOW, reason="refused before Pillow 13")
TOO_LONG = r"holds work for up to [\d,]+ seconds"


@pytest.mark.parametrize(
    "compression",
    [
        "raw",
        "tiff_lzw",
        "tiff_adobe_deflate",
        "tiff_deflate",
        "packbits",
        "lzma",
        pytest.param("zstd", marks=NEW_PILLOW),
        "jpeg",
    ],
)
def test_what_photos_have_is_decoded(compression: str) -> None:
    assert decode(encoded(Image.fromarray(RGB), "TIFF", compression=compression)).shape == RGB.shape


@pytest.mark.parametrize("compression", ["group3", "group4", "tiff_ccitt"])
def test_pages_are_decoded(compression: str) -> None:
    assert (
        decode(encoded(Image.fromarray(RGB).convert("1"), "TIFF", compression=compression)).shape == RGB.shape
    )


@pytest.mark.parametrize("number", [6, 32809, 34676, 50001])
def test_other_compressions_are_refused(number: int) -> None:
    with pytest.raises(ImageError, match="holds a TIFF compressed by|is no readable image|damaged"):
        decode(tiff((259, 1, number), (273, 1, 8), (279, 1, 8)))


@pytest.mark.parametrize("number", [9, 34712, 34887, 34933, 50002])
def test_compressions_that_pillow_does_not_know_are_not_called_damage(number: int) -> None:
    """JPEG 2000, LERC, PNG and JPEG XL among them."""
    with pytest.raises(ImageError, match=f"holds a TIFF compressed by method {number}; give an ordinary"):
        decode(tiff((259, 1, number), (273, 1, 8), (279, 1, 8)))


def test_bigtiffs_are_read_in_one_order_of_bytes() -> None:
    values = np.arange(48, dtype=np.uint8).reshape(6, 8)
    file = io.BytesIO()
    tifffile.imwrite(file, values, bigtiff=True, byteorder="<")
    assert np.array_equal(decode(file.getvalue())[..., 0], values)
    file = io.BytesIO()
    tifffile.imwrite(file, values, bigtiff=True, byteorder=">")
    with pytest.raises(ImageError, match="holds a BigTIFF in big-endian order; give an ordinary JPEG"):
        decode(file.getvalue())


@pytest.mark.parametrize("kind", [5, 8, pytest.param(50000, marks=NEW_PILLOW), 34925])
def test_pixels_and_bytes_cost_time(kind: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A strip of very many bytes of which nothing may come."""
    monkeypatch.setattr(cost, "MAX_SECONDS", 0.01)
    with pytest.raises(ImageError, match=TOO_LONG):
        decode(tiff((259, 1, kind), (273, 1, 8), (279, 1, 1_000_000), data=bytes(1_000_000)))
    with pytest.raises(ImageError, match=TOO_LONG):
        decode(tiff((256, 1, 1000), (257, 1, 1000), (259, 1, kind), (273, 1, 8), (279, 1, 8)))


def test_strips_over_strips_cost_each_time() -> None:
    """A strip short of the whole image, a thousand times: Pillow decodes every one."""
    offsets = struct.pack("<1000I", *[8] * 1000)
    tags = (256, 1, 9_000), (257, 1, 9_000), (278, 1, 8_999), (279, 1, 8)
    place = len(tiff(*tags, (273, 1000, 0)))
    with pytest.raises(ImageError, match=TOO_LONG):
        decode(tiff(*tags, (273, 1000, place), data=offsets))


def jpeg_strip(scans: int, count: int = 1) -> bytes:
    content = j.jpeg(j.frame(j.BASELINE, 9_000, 9_000, ((1, 1),) * 2), [j.scan([0]), *[j.scan([1])] * scans])
    tags = (256, 1, 9_000), (257, 1, 9_000), (259, 1, 7), (278, 1, 9_000)
    place = len(tiff(*tags, (273, 1, 0), (279, 1, 0)))
    return tiff(*tags, (273, 1, place), (279, count, len(content)), data=content)


def test_scans_inside_a_tiff_count() -> None:
    with pytest.raises(ImageError, match=TOO_LONG):
        decode(jpeg_strip(1000))


def test_jpegs_of_unknown_length_are_refused() -> None:
    with pytest.raises(ImageError, match="holds JPEG strips or tiles of unknown length"):
        decode(jpeg_strip(1, count=0))


def test_two_values_of_a_tag_are_refused() -> None:
    """Of which Pillow would believe one and libtiff the other."""
    content = bytearray(tiff((273, 1, 8), (279, 1, 8), data=bytes(64 * 64)))
    assert content.count(struct.pack("<HHI", 262, 4, 1)) == 1
    twice = bytes(content).replace(struct.pack("<HHI", 262, 4, 1), struct.pack("<HHI", 259, 4, 1))
    with pytest.raises(ImageError, match="holds two values of the TIFF tag 259"):
        decode(twice)
