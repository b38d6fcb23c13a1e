"""AVIF: read as it is shown, bounded by what its parts say."""

import numpy as np
import pytest
from helpers.box_files import encoded, file
from helpers.image_files import RGB
from helpers.profiles import rgb_profile, srgb
from PIL import Image

from inception_hub.errors import ImageError
from inception_hub.images import avif, boxes
from inception_hub.images.decode import decode
from inception_hub.images.photo_file import Refused

IMAGE = Image.fromarray(RGB)
AVIF = encoded(IMAGE, "AVIF", quality=95, subsampling="4:4:4")
(PICTURE,) = (item.data for item in boxes.items(AVIF))
FRAME = PICTURE[PICTURE.index(b"\x32") :]


def header(width: int, height: int, *, times: bool = False) -> bytes:
    """The header of a sequence of frames of that size, as a unit."""
    bits = "000" + "0" + "0" + f"{times:b}" + "0" + "00000" + "0" * 12 + "00000" + "1111" * 2
    bits += f"{width - 1:016b}{height - 1:016b}" + "0" * 40
    data = int(bits.ljust(160, "0"), 2).to_bytes(20)
    return b"\x0a\x14" + data


def test_a_picture_is_what_it_was() -> None:
    assert np.abs(decode(AVIF).astype(int) - RGB).mean() < 2
    swapped = encoded(IMAGE, "AVIF", quality=95, subsampling="4:4:4", icc_profile=rgb_profile("swapped"))
    assert np.abs(decode(swapped).astype(int) - srgb("swapped", RGB)).mean() < 3


def test_orientation_and_the_first_frame_of_a_film() -> None:
    exif = Image.Exif()
    exif[0x0112] = 3
    assert np.abs(decode(encoded(IMAGE, "AVIF", exif=exif)).astype(int) - RGB[::-1, ::-1]).mean() < 4
    film = encoded(IMAGE, "AVIF", save_all=True, append_images=[IMAGE.rotate(180)] * 3)
    assert np.abs(decode(film).astype(int) - RGB).mean() < 4


def test_work_is_of_all_parts_by_the_size_of_their_frames() -> None:
    work = avif.work(AVIF)
    assert work.pixels == 48 * 32
    assert work.nanoseconds == avif.BYTE * len(AVIF) + avif.PIXEL * 48 * 32
    transparent = encoded(Image.new("RGBA", IMAGE.size), "AVIF")
    assert avif.work(transparent).nanoseconds - avif.BYTE * len(transparent) == 2 * avif.PIXEL * 48 * 32


def test_frames_larger_than_the_picture_are_refused() -> None:
    content = file([(b"av01", header(40_000, 30_000) + FRAME)], b"avif")
    assert avif.work(content).pixels == 1_200_000_000
    larger = AVIF.replace(PICTURE[2:14], header(40_000, 30_000)[:2] + header(40_000, 30_000)[2:12], 1)
    with pytest.raises(ImageError):
        decode(larger)


def test_many_frames_in_one_picture_are_refused() -> None:
    hidden = header(60_000, 60_000) + FRAME * 8
    assert avif.work(file([(b"av01", hidden)], b"avif")).nanoseconds > 8 * avif.PIXEL * 60_000**2
    with pytest.raises(Refused, match="more than 8 frames in one picture"):
        avif.work(file([(b"av01", hidden + FRAME)], b"avif"))
    with pytest.raises(Refused, match="more than 10,000 parts"):
        avif.work(file([(b"av01", b"\x7a\0" * 10_001)], b"avif"))


def test_rare_kinds_are_refused() -> None:
    with pytest.raises(Refused, match="with the times of a film"):
        avif.work(file([(b"av01", header(8, 8, times=True))], b"avif"))
    with pytest.raises(Refused, match="of a rare kind"):
        avif.work(file([(b"av01", b"\x42\0")], b"avif"))


@pytest.mark.parametrize(
    "data", [b"", b"\x0a", b"\x0a\xff", b"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff", b"\x08"]
)
def test_parts_cut_short_cost_nothing(data: bytes) -> None:
    content = file([(b"av01", data)], b"avif")
    assert avif.work(content).nanoseconds <= avif.BYTE * len(content) + avif.PIXEL


def test_a_file_beyond_the_size_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(avif, "MAX_BYTES", 100)
    with pytest.raises(ImageError, match=r"holds an AVIF of \d+ bytes, and at most 100 are accepted"):
        decode(AVIF)


def test_the_picture_counts_with_its_pixels() -> None:
    with pytest.raises(ImageError, match="has 48 x 32 pixels; at most 1,000 are accepted"):
        decode(AVIF, max_pixels=1000)
