"""Two ways to resize that agree, and the one without the other."""

import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from inception_hub.images import shrink

SIZES = [
    ((640, 480), (224, 224)), ((2000, 1500), (224, 224)), ((500, 375), (128, 96)), ((333, 97), (17, 64)),
    ((64, 64), (128, 128)), ((56, 40), (299, 299)), ((1, 1), (3, 2)), ((5, 1), (1, 5)), ((3, 3), (1, 1)),
]  # fmt: skip
simd = pytest.mark.skipif(shrink.by_simd is None, reason="cykooz-resizer has no wheel for this machine")


@simd
@pytest.mark.parametrize(("size", "target"), SIZES, ids=str)
@pytest.mark.parametrize("content", ["photo", "noise"])
def test_by_simd_and_by_pillow_agree(size: tuple[int, int], target: tuple[int, int], content: str) -> None:
    assert shrink.by_simd is not None and shrink.bilinear is shrink.by_simd
    generator = np.random.default_rng(0)
    small = Image.fromarray(generator.integers(0, 256, (-(-size[1] // 8), -(-size[0] // 8), 3), np.uint8))
    smooth = np.asarray(small.resize(size, Image.Resampling.BICUBIC), int)
    noise = generator.integers(
        -128 if content == "noise" else -8, 128 if content == "noise" else 9, smooth.shape
    )
    image = Image.fromarray((smooth + noise).clip(0, 255).astype(np.uint8))
    before = image.tobytes()
    one, other = (np.asarray(way(image, target), int) for way in (shrink.by_simd, shrink.by_pillow))
    assert one.shape == (target[1], target[0], 3) and image.tobytes() == before
    assert np.abs(one - other).max() <= 1
    assert abs((one - other).mean()) < 0.15 or one.size < 1000  # neither is darker


@simd
@pytest.mark.parametrize(("size", "target"), SIZES, ids=str)
def test_by_simd_and_by_pillow_agree_on_a_part(size: tuple[int, int], target: tuple[int, int]) -> None:
    """At its edges both look beyond it, as if the whole photo were resized and then cropped."""
    assert shrink.by_simd is not None
    image = Image.fromarray(np.random.default_rng(0).integers(0, 256, (size[1], size[0], 3), np.uint8))
    box = (0.13 * size[0], 0.21 * size[1], 0.9 * size[0], 0.75 * size[1])
    one, other = (np.asarray(way(image, target, box), int) for way in (shrink.by_simd, shrink.by_pillow))
    assert one.shape == (target[1], target[0], 3) and np.abs(one - other).max() <= 1


@pytest.mark.parametrize("way", [each for each in (shrink.by_simd, shrink.by_pillow) if each])
def test_a_part_is_what_the_whole_gives_there(way: shrink.Resize) -> None:
    image = Image.fromarray(np.random.default_rng(0).integers(0, 256, (90, 120, 3), np.uint8))
    whole, part = way(image, (40, 30)), way(image, (20, 10), (30, 30, 90, 60))
    assert np.abs(np.asarray(whole, int)[10:20, 10:30] - np.asarray(part, int)).max() <= 1
    same = way(image, (60, 30), (30, 30, 90, 60))
    assert same.tobytes() == image.crop((30, 30, 90, 60)).tobytes()


@simd
def test_photos_are_not_cut_by_the_resizer() -> None:
    """The same size again is the same photo."""
    image = Image.fromarray(np.random.default_rng(0).integers(0, 256, (7, 9, 3), np.uint8))
    assert shrink.bilinear(image, (9, 7)).tobytes() == image.tobytes()
    assert shrink.bilinear(image, (9, 7)) is not image


@simd
@pytest.mark.parametrize("size", [(200_000, 2), (2, 200_000)])
def test_photos_of_very_few_rows_take_no_more_memory_than_they_have(size: tuple[int, int]) -> None:
    """A kilobyte of BMP may be 50 million columns: cykooz-resizer would make 128 rows of them."""
    values = np.random.default_rng(0).integers(0, 256, (size[1], size[0], 3), np.uint8)
    image = Image.fromarray(values)
    resized, expected = shrink.bilinear(image, (128, 128)), shrink.by_pillow(image, (128, 128))
    if size[0] > size[1]:
        assert resized.tobytes() == expected.tobytes()
    assert np.abs(np.asarray(resized, int) - np.asarray(expected, int)).max() <= 1


def test_where_there_is_no_wheel_pillow_resizes() -> None:
    program = """
import sys
sys.modules["cykooz_resizer"] = None
from inception_hub.images import shrink
assert shrink.by_simd is None and shrink.bilinear is shrink.by_pillow
from PIL import Image
assert shrink.bilinear(Image.new("RGB", (4, 4), "red"), (2, 1)).getpixel((1, 0)) == (255, 0, 0)
"""
    subprocess.run([sys.executable, "-c", program], check=True)
