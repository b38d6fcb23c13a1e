"""HEIC: read where pillow-heif is installed, bounded by what its parts say."""

import sys

import numpy as np
import pytest
from helpers.box_files import box, encoded, file
from helpers.image_files import RGB
from helpers.profiles import rgb_profile, srgb
from PIL import Image

from inception_hub.errors import ImageError
from inception_hub.images import boxes, heic
from inception_hub.images.decode import decode, picture
from inception_hub.images.photo_file import Refused

pytest.importorskip("pillow_heif")
IMAGE = Image.fromarray(RGB)
HEIC = encoded(IMAGE, "HEIC", quality=95, chroma=444)
PICTURE = boxes.items(HEIC)[0].data
(DESCRIPTION,) = boxes.properties(HEIC, b"hvcC")


def test_a_picture_is_what_it_was() -> None:
    assert np.abs(decode(HEIC).astype(int) - RGB).mean() < 2
    image = Image.fromarray(RGB)
    image.info["icc_profile"] = rgb_profile("swapped")
    swapped = encoded(image, "HEIC", quality=95, chroma=444)
    assert np.abs(decode(swapped).astype(int) - srgb("swapped", RGB)).mean() < 3


def test_without_pillow_heif_the_sentence_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    monkeypatch.setitem(sys.modules, "pillow_heif.as_plugin", None)
    with pytest.raises(
        ImageError, match=r"a HEIC, which needs pillow-heif: pip install '.*\[heic\]'; or give a JPEG"
    ):
        decode(HEIC)


def test_a_thumbnail_is_not_the_picture() -> None:
    image = Image.fromarray(RGB).resize((480, 320))
    assert picture(encoded(image, "HEIC", quality=50, thumbnails=[96]), least=16).size == (480, 320)


@pytest.mark.parametrize("size", [(48, 32), (64, 64), (1000, 17), (130, 4000)])
def test_work_is_of_the_sizes_that_the_parts_name(size: tuple[int, int]) -> None:
    content = encoded(IMAGE.resize(size), "HEIC")
    nanoseconds, pixels = heic.work(content)
    across, down = (max(64, -(-side // 8) * 8) for side in size)  # whole blocks
    assert size[0] * size[1] <= pixels <= across * down
    assert nanoseconds == heic.BYTE * len(content) + heic.PIXEL * pixels


def test_many_pictures_in_one_are_all_counted() -> None:
    once = file([(b"hvc1", PICTURE)], b"heic", properties=box(b"hvcC", DESCRIPTION))
    often = file([(b"hvc1", PICTURE * 500)], b"heic", properties=box(b"hvcC", DESCRIPTION))
    pixels = heic.work(once)[1]
    assert heic.work(once)[0] - heic.BYTE * len(once) == heic.PIXEL * pixels
    assert heic.work(often)[0] - heic.BYTE * len(often) == 500 * heic.PIXEL * pixels


def test_sizes_within_the_picture_count_too() -> None:
    begin, end = next(
        (begin, end)
        for begin, end in heic._described(DESCRIPTION)
        if DESCRIPTION[begin] >> 1 == heic.PARAMETERS
    )
    parameters = DESCRIPTION[begin:end]
    inside = len(parameters).to_bytes(4) + parameters + PICTURE
    assert heic.work(file([(b"hvc1", inside)], b"heic"))[1] >= 48 * 32


def test_rare_kinds_and_very_many_parts_are_refused() -> None:
    for kind in heic.DERIVED:
        with pytest.raises(Refused, match=f"a HEIC of a rare kind .{kind.decode()}."):
            heic.work(file([(kind, b"")], b"heic"))
    with pytest.raises(Refused, match="more than 10,000 parts"):
        heic.work(file([(b"hvc1", bytes(4) * 10_001)], b"heic"))
    with pytest.raises(Refused, match="more than 10,000 parts"):
        heic.work(file([], b"heic", properties=box(b"hvcC", bytes(22) + b"\1\x21\xff\xff" + bytes(9))))


def test_a_file_beyond_the_size_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heic, "MAX_BYTES", 100)
    with pytest.raises(ImageError, match=r"holds a HEIC of [\d,]+ bytes, and at most 100 are accepted"):
        decode(HEIC)


def test_files_cut_short_and_changed_give_an_image_or_an_error() -> None:
    generator = np.random.RandomState(0)
    for number in range(200):
        damaged = bytearray(HEIC[: generator.randint(len(HEIC))] if number % 4 == 0 else HEIC)
        for position in generator.randint(0, len(damaged), 3) if damaged else ():
            damaged[position] = generator.randint(256)
        try:
            assert decode(bytes(damaged)).shape[2] == 3
        except ImageError as error:
            assert "\n" not in str(error)
