"""The three presets: two bit for bit as TF1 did them, one as Pillow does."""

import numpy as np
import pytest
from helpers.cases import GOLDEN, NO_GOLDEN, RECORDED, golden_answers
from PIL import Image

from inception_hub.images.presets import PRESETS, Preset
from inception_hub.images.resize import central, least_pixels, resize
from inception_hub.images.shrink import bilinear


def photo(shape: tuple[int, ...], seed: int) -> np.ndarray:
    return np.random.RandomState(seed).randint(0, 256, shape).astype(np.uint8)


@pytest.mark.skipif(not GOLDEN.exists(), reason=NO_GOLDEN)
def test_slim_and_plain_are_the_originals() -> None:
    answers = golden_answers()
    numbers = sorted({key.split("/")[1] for key in answers if key.startswith("preprocess/")})
    assert numbers
    for number in numbers:
        answer = {key: answers[f"preprocess/{number}/{key}"] for key in ("seed", "shape", "size")}
        image = photo(tuple(answer["shape"]), int(answer["seed"]))
        height, width = (int(n) for n in answer["size"])
        for preset, key in (("plain", "resized"), ("slim", "central_crop_0.875_resized")):
            found = resize(image, (height, width), preset)  # type: ignore[arg-type]
            assert np.abs(found - answers[f"preprocess/{number}/{key}"]).max() < 1e-6


@pytest.mark.parametrize("number", [0, 1])
@pytest.mark.parametrize("preset", ["plain", "slim"])
def test_every_fourth_pixel_is_the_originals(number: int, preset: Preset) -> None:
    """The same answers, thinned out, so that a clone without the golden ones is held to them too."""
    with np.load(RECORDED / "original_resizes.npz") as file:
        seed, shape, size, expected = (file[f"{number}/{key}"] for key in ("seed", "shape", "size", preset))
    found = resize(photo(tuple(shape), int(seed)), (int(size[0]), int(size[1])), preset)
    assert np.abs(found[::4, ::4] - expected).max() < 1e-6


def test_tf1_sampling_has_no_half_pixel_centres() -> None:
    """5 -> 3 columns gives 0, 1.667, 3.333 with TF1's legacy sampling; half-pixel gives .333, 2, 3.667."""
    row = np.arange(5, dtype=np.uint8)[None, :, None].repeat(3, 2)
    assert resize(row, (1, 3), "plain")[0, :, 0] * 255 == pytest.approx([0, 5 / 3, 10 / 3], abs=1e-5)


@pytest.mark.parametrize(
    "length, size", [(500, 438), (375, 329), (224, 196), (256, 224), (333, 293), (1, 1), (2, 2), (64, 56)]
)
def test_the_central_part_is_tensorflows(length: int, size: int) -> None:
    part = central(length)
    assert part.stop - part.start == size
    assert part.start == length - part.stop


def test_default_is_an_antialiased_crop() -> None:
    image = photo((80, 96, 3), 0)
    expected = bilinear(Image.fromarray(image[5:75, 6:90]), (16, 8))
    assert np.array_equal(
        resize(image, (8, 16), "default"), np.asarray(expected, np.float32) / np.float32(255)
    )


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("shape", [(1, 1, 3), (2, 3, 3), (300, 2, 3)])
def test_any_shape_fits(preset: Preset, shape: tuple[int, ...]) -> None:
    image = resize(np.full(shape, 255, np.uint8), (5, 7), preset)
    assert image.shape == (5, 7, 3)
    assert image.dtype == np.float32
    assert image == pytest.approx(1.0, abs=1e-6)


def test_a_reduced_photo_has_the_pixels_of_the_longer_side() -> None:
    """A photo is reduced by one factor: its shorter side must still fill the longer one of the images."""
    assert [least_pixels(size, "default") for size in ((96, 224), (224, 96), (64, 64))] == [256, 256, 74]
    assert least_pixels((96, 224), "slim") is least_pixels((96, 224), "plain") is None
