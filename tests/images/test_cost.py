"""The bound on decoding photos of every format."""

import io
import struct
import zlib

import pytest
from helpers import jpeg_files as j
from helpers.image_files import RGB, chunk, encoded
from helpers.profiles import rgb_profile
from PIL import Image

from inception_hub.errors import ImageError
from inception_hub.images import cost, photo_file
from inception_hub.images.decode import decode

TOO_LONG = (
    r"holds work for up to \d+ seconds of a processor core, and at most 6 are accepted; give an ordinary"
)


def png(width: int, height: int, bits: int, colours: int, data: bytes) -> bytes:
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, colours, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def bmp_runs(width: int, height: int, data: bytes) -> bytes:
    form = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 8, 1, len(data), 0, 0, 256, 0)
    return b"BM" + struct.pack("<IHHI", 1078 + len(data), 0, 0, 1078) + form + bytes(1024) + data


def test_sixteen_bits_of_four_channels_are_the_slowest_png() -> None:
    with pytest.raises(ImageError, match=TOO_LONG):
        decode(png(9_000, 9_000, 16, 6, zlib.compress(bytes(100))))


def test_runs_in_a_bmp_are_decoded_in_python() -> None:
    assert decode(bmp_runs(4, 2, b"\4\1\0\0\4\2\0\1")).shape == (2, 4, 3)
    with pytest.raises(ImageError, match=TOO_LONG):
        decode(bmp_runs(90_000_000, 1, b"\1\1\0\0\0\1"))


def test_bytes_of_a_webp_cost_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Six times as much where it is lossy."""
    monkeypatch.setattr(cost, "MAX_SECONDS", 0.03)
    for lossless in (True, False):
        content = encoded(Image.fromarray(RGB), "WEBP", lossless=lossless)
        filled = content + b"FILL" + struct.pack("<I", 1_000_000) + bytes(1_000_000)
        filled = filled[:4] + struct.pack("<I", len(filled) - 8) + filled[8:]
        if lossless:
            assert decode(filled).shape == RGB.shape
        else:
            with pytest.raises(ImageError, match="holds work for up to 0 seconds"):
                decode(filled)


def test_converting_colours_costs_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cost, "MAX_SECONDS", 0.05)
    assert decode(encoded(Image.fromarray(RGB), "PNG")).shape == RGB.shape
    with pytest.raises(ImageError, match="holds work for up to 0 seconds"):
        decode(encoded(Image.fromarray(RGB), "PNG", icc_profile=rgb_profile("display-p3")))


def test_a_multi_picture_file_counts_as_its_first() -> None:
    buffer = io.BytesIO()
    image = Image.fromarray(RGB)
    image.save(buffer, "MPO", save_all=True, append_images=[image] * 3)
    assert decode(buffer.getvalue()).shape == RGB.shape
    many = j.jpeg(j.frame(j.BASELINE, 10_000, 9_990), [j.scan([0]), *[j.scan([1])] * 3000])
    with pytest.raises(ImageError, match=TOO_LONG):
        decode(many[:2] + buffer.getvalue()[2:200].partition(b"\xff\xdb")[0] + many[2:])


def test_what_reads_on_for_ever_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(photo_file, "MAX_SECONDS", -1)
    with pytest.raises(ImageError, match="holds more work than for -1 seconds; give an ordinary"):
        decode(encoded(Image.fromarray(RGB), "PNG"))
