"""BMPs whose palette or masks Pillow takes for others; all kinds: test_second_decoder.py."""

import numpy as np
import pytest
from helpers import bmp_files

from inception_hub.errors import ImageError
from inception_hub.images.decode import decode

FILES = {name: (content, pixels) for name, content, pixels in bmp_files.matrix()}


@pytest.mark.parametrize("kind", ["2 shades in 8 bits", "2 shades in 4 bits", "16 shades in 4 bits"])
def test_few_shades_in_many_bits(kind: str) -> None:
    content, pixels = FILES[kind]
    assert np.array_equal(decode(content), pixels)


def test_transparency_in_sixteen_bits_is_not_dropped() -> None:
    with pytest.raises(ImageError, match="colours and transparency in 16 bits, which are not supported"):
        decode(FILES["fields 1555, header 124"][0])


@pytest.mark.parametrize("kind", ["fields 1010102, header 56", "fields bgr565, header 40"])
def test_rare_masks_are_not_called_damaged(kind: str) -> None:
    with pytest.raises(
        ImageError, match=r"of a kind that is not supported \(Unsupported BMP bitfields layout\)"
    ):
        decode(FILES[kind][0])
