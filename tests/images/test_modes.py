"""Pictures of Pillow's own, of every mode, in RGB."""

import numpy as np
import pytest
from PIL import Image

from inception_hub.errors import ImageError
from inception_hub.images.decode import decode
from inception_hub.images.modes import in_rgb

MODES = "1 L LA La P PA RGB RGBA RGBX RGBa CMYK YCbCr HSV LAB I;16 I;16L I;16B".split()


@pytest.mark.parametrize("mode", MODES)
def test_every_mode_becomes_rgb(mode: str) -> None:
    image = Image.new(mode, (3, 2))
    found = in_rgb(image, managed=True)
    assert (found.mode, found.size) == ("RGB", (3, 2))


@pytest.mark.parametrize("mode, kind", [("I", "32-bit"), ("F", "floating-point")])
@pytest.mark.parametrize("most", [1, 255, 65535])
def test_values_whose_range_is_unknown_are_refused(mode: str, kind: str, most: int) -> None:
    """255 may be white or nearly black."""
    image = Image.fromarray(np.full((4, 4), most, np.float32)).convert(mode)
    with pytest.raises(
        ImageError, match=f"holds {kind} values, which are not supported; give an 8-bit or 16"
    ):
        decode(image)


def test_premultiplied_grey_lies_over_white() -> None:
    half = Image.merge("LA", [Image.new("L", (1, 1), 100), Image.new("L", (1, 1), 128)])
    expected = decode(half)[0, 0].tolist()
    assert decode(half.convert("La"))[0, 0].tolist() == pytest.approx(expected, abs=1)
    assert expected == pytest.approx([177] * 3, abs=1)
