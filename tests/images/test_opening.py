"""Formats told by their first bytes; what Pillow says of a file becomes a sentence."""

import io
from pathlib import Path

import numpy as np
import pytest
from helpers import tiff_files
from helpers.image_files import RGB, encoded
from PIL import Image

from inception_hub.errors import ImageError, InputError
from inception_hub.images.decode import decode
from inception_hub.images.opening import FORMATS, opened


@pytest.mark.parametrize("format", FORMATS)
def test_each_format_is_told_by_its_first_bytes(format: str) -> None:
    content = encoded(Image.fromarray(RGB), format)
    with opened(content, "x") as (image, file):
        assert image.size == (48, 32) and file is not None
    others = [other for other, (begin, _) in FORMATS.items() if begin.match(content)]
    assert others == [format]
    with pytest.raises(ImageError, match="is damaged"):
        decode(content[:20])


def test_a_picture_of_pillows_is_copied() -> None:
    given = Image.fromarray(RGB)
    with opened(given, "x") as (image, file):
        assert file is None and image is not given


def test_things_that_are_no_photos(tmp_path: Path) -> None:
    with pytest.raises(
        InputError, match="images holds a int; give paths, bytes, open files, PIL images or uint8 arrays"
    ):
        decode(7)  # type: ignore[arg-type]
    with pytest.raises(ImageError, match="The image is no readable image; give a JPEG"):
        decode(io.BytesIO(b"BN" + bytes(99)))


def test_a_layout_that_is_not_read_is_not_called_damaged() -> None:
    values = np.arange(64).reshape(8, 8)
    content = tiff_files.by_hand(values, 8, 4)  # a mask
    with pytest.raises(
        ImageError, match=r"is of a kind that is not supported \(unknown pixel mode\); give an"
    ):
        decode(content)


def test_a_photo_that_git_lfs_has_not_fetched() -> None:
    pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n"
    with pytest.raises(ImageError, match="is a pointer of Git LFS, not the photo itself; fetch"):
        decode(pointer)
