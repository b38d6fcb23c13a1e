"""The three presets: two bit for bit as TF1 did them, one as Pillow does."""

import numpy as np
import pytest
from helpers.cases import GOLDEN, NO_GOLDEN, RECORDED, golden_answers
from PIL import Image, ImageDraw

from inception_hub.images import resize as resizing
from inception_hub.images import shrink
from inception_hub.images.presets import PRESETS, Preset
from inception_hub.images.resize import GREY, central, fitted, least_pixels, resize, resize_compactly
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
    if preset == "pad":
        image = image[np.abs(image - GREY[0] / 255) > 1e-6]
    assert image.size and image == pytest.approx(1.0, abs=1e-6)


def test_a_reduced_photo_has_the_pixels_of_the_longer_side() -> None:
    """A photo is reduced by one factor: its shorter side must still fill the longer one of the images."""
    for preset in ("default", "crop"):
        assert [least_pixels(size, preset) for size in ((96, 224), (224, 96), (64, 64))] == [256, 256, 74]
    assert least_pixels((96, 224), "pad") == 224
    assert least_pixels((96, 224), "slim") is least_pixels((96, 224), "plain") is None


def scaled(image: np.ndarray, length: int, axis: int) -> np.ndarray:
    """`image` with `length` pixels along `axis`: the antialiased triangle filter, as sums of products."""
    pixels = np.moveaxis(image.astype(float), axis, 0)
    scale = len(pixels) / length
    reach = max(scale, 1.0)
    centres = (np.arange(length) + 0.5) * scale
    weights = np.maximum(0, 1 - np.abs(np.arange(len(pixels)) + 0.5 - centres[:, None]) / reach)
    weights /= weights.sum(1, keepdims=True)
    return np.moveaxis(np.tensordot(weights, pixels, 1), 0, axis).round()


def expected(image: np.ndarray, size: tuple[int, int], preset: Preset) -> np.ndarray:
    """`crop` and `pad` as they are described: the whole photo is scaled, then cropped or laid on grey."""
    factors = [side / length for side, length in zip(size, image.shape, strict=False)]
    if preset == "crop":
        enlarged = [int(side / 0.875) for side in size]
        factor = max(side / length for side, length in zip(enlarged, image.shape, strict=False))
        sides = [int(length * factor + 1e-9) for length in image.shape[:2]]
    else:
        sides = [max(1, round(length * min(factors))) for length in image.shape[:2]]
    whole = scaled(scaled(image, sides[1], 1), sides[0], 0)
    if preset == "crop":
        top, left = (round((side - shown) / 2) for side, shown in zip(sides, size, strict=True))
        return whole[top : top + size[0], left : left + size[1]]
    canvas = np.full((*size, 3), 128.0)
    top, left = ((room - side) // 2 for side, room in zip(sides, size, strict=True))
    canvas[top : top + sides[0], left : left + sides[1]] = whole
    return canvas


WAYS = [way for way in (shrink.by_simd, shrink.by_pillow) if way]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("size", [(64, 64), (160, 160), (48, 80), (81, 33)], ids=str)
@pytest.mark.parametrize("preset", ["crop", "pad"])
def test_proportions_are_kept(
    preset: Preset, size: tuple[int, int], way: shrink.Resize, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resizing, "bilinear", way)
    ordinary, long = [(333, 500), (500, 333), (161, 160), (64, 64)], [(30, 1000), (1000, 30)]
    for shape in (*ordinary, *long, (3, 2), (1, 9), (1, 1)):
        image = photo((*shape, 3), 5)
        levels = resize_compactly(image, size, preset)
        assert levels.dtype == np.uint8 and levels.shape == (*size, 3)
        assert np.abs(levels - expected(image, size, preset)).max() <= 2, shape
        assert np.array_equal(resize(image, size, preset), levels / np.float32(255))


@pytest.mark.parametrize("preset", ["crop", "pad"])
def test_a_circle_stays_one(preset: Preset) -> None:
    for width, height in ((300, 200), (200, 300)):
        drawing = Image.new("RGB", (width, height))
        ImageDraw.Draw(drawing).circle((width / 2, height / 2), 60, "white")
        bright = np.asarray(fitted(drawing, (96, 96), preset))[..., 0] > 140
        assert bright.any(0).sum() == pytest.approx(bright.any(1).sum(), abs=1)
        assert np.flatnonzero(bright.any(0)).mean() == pytest.approx(47.5, abs=0.6)


def test_what_lies_beside_a_padded_photo_is_nothing_to_the_network() -> None:
    image = resize(np.zeros((10, 20, 3), np.uint8), (40, 40), "pad")
    assert not image[10:30].any()
    beside = np.concatenate([image[:10], image[30:]])
    assert (beside == np.float32(GREY[0] / 255)).all() and np.abs(beside * 2 - 1).max() < 1.001 / 255


@pytest.mark.parametrize("shape", [(1, 3_000_000), (3_000_000, 1), (2, 10_000)])
@pytest.mark.parametrize("preset", ["crop", "pad"])
def test_of_very_long_photos_the_middle_is_found(preset: Preset, shape: tuple[int, int]) -> None:
    """Far from the start, where a float32 counts whole pixels only."""
    image = np.zeros((*shape, 3), np.uint8)
    middle = tuple(slice(max(0, length // 2 - 2), length // 2 + 2) for length in shape)
    image[middle] = 255 if preset == "crop" else 0
    levels = resize_compactly(image, (64, 64), preset)
    if preset == "crop":
        assert levels.min() == 255
    else:
        assert (levels == 0).sum() == 64 * 3 and (levels == 128).sum() == 63 * 64 * 3
