"""GIFs whose first frame covers a part of them."""

import struct

import numpy as np
import pytest
from helpers.image_files import RGB, encoded
from PIL import Image

from inception_hub.images.decode import decode

INDEXED = Image.fromarray(RGB).convert("P", palette=Image.Palette.ADAPTIVE, colors=99)
SHOWN = np.asarray(INDEXED.convert("RGB"))


def placed(content: bytes, left: int, top: int, width: int, height: int) -> bytes:
    """A GIF of one frame with that at another place of a canvas of another size."""
    start = content.index(b"\x2c\0\0\0\0", 13 + 3 * (2 << (content[10] & 7)))
    size, place = struct.pack("<HH", width, height), struct.pack("<HH", left, top)
    return content[:6] + size + content[10 : start + 1] + place + content[start + 5 :]


@pytest.mark.parametrize("options", [{}, {"transparency": 99}])
def test_what_no_frame_covers_is_white(options: dict[str, int]) -> None:
    found = np.array(decode(placed(encoded(INDEXED, "GIF", **options), 5, 7, 64, 50)))
    assert found.shape == (50, 64, 3) and np.array_equal(found[7:39, 5:53], SHOWN)
    found[7:39, 5:53] = 255
    assert (found == 255).all()


def test_a_frame_that_covers_all_stays_as_it_is() -> None:
    assert np.array_equal(decode(encoded(INDEXED, "GIF")), SHOWN)
    cut = decode(placed(encoded(INDEXED, "GIF"), 5, 7, 30, 20))
    assert np.array_equal(cut[7:, 5:], SHOWN[: len(cut) - 7, : cut.shape[1] - 5])
