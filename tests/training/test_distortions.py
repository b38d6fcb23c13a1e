"""Distortions: each against its definition in NumPy; that they depend on the photo alone, and never wait."""

import math
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from inception_hub.training.augmentation import Augmentation
from inception_hub.training.distortions import coloured, distort, mix, sharpen
from inception_hub.training.randomness import Draws

CROP = Augmentation(min_area=0.4)
WHOLE = Augmentation(min_area=1, max_aspect=1, mirror=0)  # nothing is done to a square photo
EVERYTHING = Augmentation(
    rotation=30, rotated=0.5, shear=0.2, sheared=0.5, sharpness=2, sharpened=0.4, colour=0.3, cutmix=0.4,
    mixup=0.3,
)  # fmt: skip
Image = NDArray[np.float64]


def drawn(epoch: int = 0) -> Draws:
    return Draws(0, torch.tensor(epoch))


class Given(Draws):
    """Draws that were chosen: for each use its row of numbers; halves where nothing was chosen."""

    def __init__(self, **numbers: list[float]) -> None:
        super().__init__(0, torch.tensor(0))
        self.__dict__["numbers"] = numbers

    def uniform(self, use: str, samples: Tensor, count: int = 1) -> Tensor:
        row = self.__dict__["numbers"].get(use, [0.5] * count)
        return torch.tensor(row, dtype=torch.float32).expand(len(samples), count)


def crops(images: Tensor, size: int = 16, how: Augmentation = CROP, aspect: float = 1.0, epoch: int = 0):
    samples = torch.arange(len(images))
    return distort(images, torch.full((len(images),), aspect), samples, size, how, drawn(epoch))


def one(image: NDArray[np.uint8], size: int, how: Augmentation, draws: Draws, aspect: float = 1) -> Image:
    """What is made of one photo."""
    distorted = distort(
        torch.from_numpy(image)[None], torch.tensor([float(aspect)]), torch.tensor([0]), size, how, draws
    )
    return distorted[0].numpy().astype(np.float64)


def noise(*shape: int) -> NDArray[np.uint8]:
    return np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)


def ramp(count: int, axis: int) -> Tensor:
    values = torch.arange(64, dtype=torch.uint8)
    plane = values.repeat(64, 1) if axis == 1 else values[:, None].repeat(1, 64)
    return plane[None, :, :, None].expand(count, -1, -1, 3)


def sides(cropped: Tensor, axis: int) -> Tensor:
    """Signed share of the photo that each crop covers along `axis`, of crops of a ramp."""
    line = cropped[:, 8, :, 0] if axis == 1 else cropped[:, :, 8, 0]
    return (line[:, -1] - line[:, 0]) * 255 / 64 * 16 / 15


def test_crops_cover_what_they_should() -> None:
    width, height = sides(crops(ramp(512, 1)), 1), sides(crops(ramp(512, 0)), 0)
    assert 0.4 < float((width < 0).float().mean()) < 0.6, "mirrored"
    assert bool((height > 0).all()), "never upside down"
    area, ratio = width.abs() * height, width.abs() / height
    assert 0.38 < float(area.min()) < 0.48 and float(area.max()) <= 1.02
    assert 0.73 < float(ratio.min()) < 0.8 and 1.25 < float(ratio.max()) < 1.36


def test_crops_keep_the_proportions_of_wide_photos() -> None:
    """Of a photo twice as wide as high, stored squashed: a crop as wide as high takes half as much width."""
    width, height = sides(crops(ramp(512, 1), aspect=2.0), 1), sides(crops(ramp(512, 0), aspect=2.0), 0)
    unclipped = height < 0.99
    ratio = 2 * width.abs()[unclipped] / height[unclipped]
    assert 0.73 < float(ratio.min()) and float(ratio.max()) < 1.36


@pytest.mark.parametrize("how", [CROP, Augmentation(rotation=45)])
def test_borders_are_not_dark(how: Augmentation) -> None:
    images = torch.full((64, 8, 8, 3), 255, dtype=torch.uint8)
    assert float(crops(images, 12, how).min()) == pytest.approx(1)


def test_a_photo_is_distorted_alike_in_any_company() -> None:
    images = torch.randint(0, 256, (8, 20, 20, 3), dtype=torch.uint8)
    together = crops(images, how=EVERYTHING)
    part = torch.tensor([5, 2])
    alone = distort(images[part], torch.ones(2), part, 16, EVERYTHING, drawn())
    assert torch.equal(alone, together[part])
    assert not torch.allclose(crops(images, how=EVERYTHING, epoch=1), together)
    mixed, remains = mix(together, together.roll(1, 0), torch.arange(8), EVERYTHING, drawn())
    again, remains_again = mix(alone, together[part - 1], part, EVERYTHING, drawn())
    assert torch.equal(again, mixed[part]) and torch.equal(remains_again, remains[part])


@pytest.mark.parametrize("draw, turns", [(1.0, 1), (0.0, -1), (0.5, 0)])
def test_a_quarter_turn_is_a_quarter_turn(draw: float, turns: int) -> None:
    photo = noise(9, 9, 3)
    how = Augmentation(min_area=1, max_aspect=1, mirror=0, rotation=90)
    distorted = one(photo, 9, how, Given(rotation=[0.0, draw]))
    np.testing.assert_allclose(distorted, np.rot90(photo, turns) / 255, atol=1e-5)


def test_a_mirrored_photo_is_mirrored() -> None:
    photo = noise(9, 9, 3)
    how = Augmentation(min_area=1, max_aspect=1, mirror=1)
    np.testing.assert_allclose(one(photo, 9, how, Given()), photo[:, ::-1] / 255, atol=1e-5)


def test_shear_moves_rows_against_each_other() -> None:
    """The bottom row is seen from further right, the middle row where it was."""
    photo = np.broadcast_to(np.arange(0, 200, 2, dtype=np.uint8)[None, :, None], (100, 100, 3)).copy()
    how = Augmentation(min_area=1, max_aspect=1, mirror=0, shear=0.2)
    columns = one(photo, 100, how, Given(shear=[0.0, 1.0]))[:, 50, 0] * 255 / 2  # the column each row shows
    rows = np.arange(100) + 0.5
    np.testing.assert_allclose(columns, 50 + 0.2 * (rows - 50), atol=1e-3)


def test_rotation_keeps_the_proportions_of_things_in_wide_photos() -> None:
    """In a photo twice as wide as high, stored squashed to a square, a bar 60 wide and 20 high."""
    photo = np.zeros((128, 128, 3), np.uint8)
    photo[54:74, 49:79] = 255
    how = Augmentation(min_area=0.5, max_aspect=1, mirror=0, rotation=30)
    distorted = one(photo, 128, how, Given(crop=[0.0, 0.5, 0.5, 0.5, 0.5], rotation=[0.0, 1.0]), aspect=2)
    weights = distorted[..., 0] / distorted[..., 0].sum()
    y, x = np.mgrid[:128, :128] - 63.5
    covariance = np.cov(np.stack([x.ravel(), y.ravel()]), aweights=weights.ravel(), ddof=0)
    variances, axes = np.linalg.eigh(covariance)
    assert distorted[..., 0].sum() == pytest.approx(60 * 20, rel=0.01)
    np.testing.assert_allclose(np.sqrt(12 * variances), [20, 60], rtol=0.01)
    assert math.degrees(math.atan(axes[1, 1] / axes[0, 1])) == pytest.approx(-30, abs=0.5)


def mirrored(image: Image, y: float, x: float) -> Image:
    """Bilinear at (`y`, `x`) px, pixel centres at halves; beyond the edges lies the mirror image."""

    def inside(place: float, length: int) -> float:
        place = place % (2 * length)
        return min(max(min(place, 2 * length - place) - 0.5, 0), length - 1)

    y, x = inside(y, image.shape[0]), inside(x, image.shape[1])
    top, left = int(y), int(x)
    bottom, right = min(top + 1, image.shape[0] - 1), min(left + 1, image.shape[1] - 1)
    upper = image[top, left] * (1 - x + left) + image[top, right] * (x - left)
    lower = image[bottom, left] * (1 - x + left) + image[bottom, right] * (x - left)
    return upper * (1 - y + top) + lower * (y - top)


def test_every_pixel_comes_from_where_it_should() -> None:
    photo, size = noise(12, 10, 3), 8
    how = Augmentation(min_area=0.25, rotation=40, rotated=0.5, shear=0.3, sheared=0.5)
    turned = set()
    for sample in range(12):
        numbers = torch.tensor([sample])
        draws = drawn(3)
        distorted = distort(
            torch.from_numpy(photo)[None], torch.tensor([1.5]), numbers, size, how, draws
        )[0].numpy()  # fmt: skip
        crop, rotation, shear = (
            draws.uniform(use, numbers, count)[0].tolist()
            for use, count in (("crop", 5), ("rotation", 2), ("shear", 2))
        )
        area, ratio = 0.25 + 0.75 * crop[0], (4 / 3) ** (2 * crop[1] - 1) / 1.5
        width, height = min(1, math.sqrt(area * ratio)), min(1, math.sqrt(area / ratio))
        angle = math.radians(40 * (2 * rotation[1] - 1)) if rotation[0] < 0.5 else 0
        lean = 0.3 * (2 * shear[1] - 1) if shear[0] < 0.5 else 0
        turned.add((angle != 0, lean != 0))
        expected = np.zeros((size, size, 3))
        for i, v in enumerate((np.arange(size) + 0.5) * 2 / size - 1):
            for j, u in enumerate((np.arange(size) + 0.5) * 2 / size - 1):
                u = -u if crop[2] < 0.5 else u
                x = width * (math.cos(angle) * u + (lean - math.sin(angle)) * v)
                y = height * (math.sin(angle) * u + math.cos(angle) * v)
                x, y = x + (1 - width) * (2 * crop[3] - 1), y + (1 - height) * (2 * crop[4] - 1)
                expected[i, j] = mirrored(photo / 255, (y + 1) / 2 * 12, (x + 1) / 2 * 10)
        np.testing.assert_allclose(distorted, expected, atol=1e-4)
    assert len(turned) == 4, "with and without each"


@pytest.mark.parametrize("amount", [-1.0, -0.3, 0.0, 2.0])
def test_sharpening_moves_away_from_the_mean_of_nine(amount: float) -> None:
    photo = noise(6, 7, 3) / 255
    padded = np.pad(photo, ((1, 1), (1, 1), (0, 0)), mode="edge")
    mean = sum(padded[i : i + 6, j : j + 7] for i in range(3) for j in range(3)) / 9
    expected = (photo + amount * (photo - mean)).clip(0, 1)
    images = torch.from_numpy(photo).float().permute(2, 0, 1)[None]
    sharpened = sharpen(images, torch.tensor([amount]))[0].permute(1, 2, 0).numpy()
    np.testing.assert_allclose(sharpened, expected, atol=1e-6)


def test_sharpness_lies_between_half_of_it_and_all_of_it() -> None:
    """A bright pixel on grey, alone among nine: sharpened by s it gains 8/9 of s of what it stands out."""
    photo = np.full((5, 5, 3), 100, np.uint8)
    photo[2, 2] = 110
    images = torch.from_numpy(photo).expand(10_000, -1, -1, -1)
    how = Augmentation(min_area=1, max_aspect=1, mirror=0, sharpness=1.0, sharpened=0.4)
    amounts = (crops(images, 5, how)[:, 2, 2, 0] * 255 - 110) / (10 * 8 / 9)
    changed = amounts[amounts.abs() > 1e-3]
    assert len(changed) / 10_000 == pytest.approx(0.4, abs=0.02)
    assert float(changed.min()) == pytest.approx(-0.5, abs=0.01)
    assert float(changed.max()) == pytest.approx(1, abs=0.01)
    assert float(changed.mean()) == pytest.approx(0.25, abs=0.03)


@pytest.mark.parametrize(
    "how",
    [
        Augmentation(min_area=1, max_aspect=1, mirror=0.3),
        Augmentation(min_area=1, max_aspect=1, mirror=0, rotation=15, rotated=0.3),
        Augmentation(min_area=1, max_aspect=1, mirror=0, shear=0.2, sheared=0.3),
    ],
)
def test_shares_are_shares_of_photos(how: Augmentation) -> None:
    images = torch.from_numpy(noise(6, 6, 3)).expand(10_000, -1, -1, -1)
    changed = (crops(images, 6, how) - crops(images, 6, WHOLE)).abs().amax((1, 2, 3)) > 1e-3
    assert float(changed.float().mean()) == pytest.approx(0.3, abs=0.02)


def test_colours_change_within_bounds() -> None:
    images = torch.rand(256, 4, 4, 3) * 0.5 + 0.1
    extreme = coloured(images, torch.tensor([[1.0, 0.5, 0.5]]).expand(256, -1), 0.2)
    assert torch.allclose(extreme, images * 1.2, atol=1e-6), "brightness"
    grey = coloured(images, torch.tensor([[0.5, 0.5, 0.0]]).expand(256, -1), 1.0)
    luma = 0.299 * images[..., 0] + 0.587 * images[..., 1] + 0.114 * images[..., 2]
    assert torch.allclose(grey, luma[..., None].expand_as(grey), atol=1e-6), "no saturation"
    flat = coloured(images, torch.tensor([[0.5, 0.0, 0.5]]).expand(256, -1), 1.0)
    assert torch.allclose(flat, flat[:, :1, :1, :1].expand_as(flat), atol=1e-6), "no contrast"
    assert torch.equal(coloured(images, torch.full((256, 3), 0.5), 0.3), images)
    assert float(coloured(images * 2, torch.ones(256, 3), 0.9).max()) <= 1


def mixed_up(how: Augmentation, size: int = 16) -> tuple[Tensor, Tensor]:
    """The share of the other photo in every pixel of 10,000 photos [10000, size, size], and what remains."""
    black = torch.zeros(10_000, size, size, 3)
    mixed, remains = mix(black, black + 1, torch.arange(10_000), how, drawn())
    assert bool((mixed == mixed[..., :1]).all()) and float(black.max()) == 0, "not in place"
    return mixed[..., 0], remains


def test_photos_get_a_rectangle_or_are_blended() -> None:
    taken, remains = mixed_up(Augmentation(cutmix=0.5, mixup=0.2))
    assert torch.allclose(remains, 1 - taken.mean((1, 2)), atol=1e-6)
    constant = (taken == taken[:, :1, :1]).all(2).all(1)
    blended = constant & (taken[:, 0, 0] > 0) & (taken[:, 0, 0] < 1)
    pasted = ((taken == 0) | (taken == 1)).all(2).all(1) & (remains < 1)
    assert float(blended.float().mean()) == pytest.approx(0.2, abs=0.015)
    assert float(pasted.float().mean()) == pytest.approx(0.5, abs=0.02)
    untouched = ~blended & ~pasted
    assert bool((taken[untouched] == 0).all()) and bool((remains[untouched] == 1).all())
    deciles = torch.histc(remains[blended], 10, 0, 1) / int(blended.sum())
    assert float((deciles - 0.1).abs().max()) < 0.03, "uniform"


def test_rectangles_are_those_of_cutmix() -> None:
    taken, remains = mixed_up(Augmentation(cutmix=1.0))
    numbers = drawn().uniform("mix", torch.arange(10_000), 4)
    for sample in range(200):
        _, share, y, x = (float(n) for n in numbers[sample])
        side = 16 * math.sqrt(1 - share)
        inside = [
            [abs(i + 0.5 - 16 * y) < side / 2 and abs(j + 0.5 - 16 * x) < side / 2 for j in range(16)]
            for i in range(16)
        ]
        np.testing.assert_array_equal(taken[sample].numpy(), inside)
        assert float(remains[sample]) == pytest.approx(1 - np.mean(inside), abs=1e-6)
    assert len({int(n) for n in taken.sum((1, 2))}) > 50, "each photo has its own"


def test_blending_is_linear_in_pixels_and_classes() -> None:
    images, others = torch.rand(64, 8, 8, 3), torch.rand(64, 8, 8, 3)
    mixed, remains = mix(images, others, torch.arange(64), Augmentation(mixup=1.0), drawn())
    share = remains[:, None, None, None]
    assert torch.allclose(mixed, share * images + (1 - share) * others, atol=1e-6)


def test_without_mixing_nothing_changes() -> None:
    images = torch.rand(4, 8, 8, 3)
    mixed, remains = mix(images, images.roll(1, 0), torch.arange(4), CROP, drawn())
    assert torch.equal(mixed, images) and remains.tolist() == [1, 1, 1, 1]
    assert not CROP.mixes and Augmentation(mixup=0.1).mixes and Augmentation(cutmix=0.1).mixes


class NothingWaits(TorchDispatchMode):
    """Refuses what would make the CPU wait for a device, or copy Python's numbers to it."""

    WAITING = ("_local_scalar_dense", "lift_fresh", "nonzero", "_to_copy.device", "masked_select", "equal")

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        assert not any(name in str(func) for name in self.WAITING), func
        assert not (kwargs or {}).get("device") or "to_copy" not in str(func), func
        return func(*args, **(kwargs or {}))


def test_nothing_waits_for_the_cpu() -> None:
    images = torch.randint(0, 256, (4, 20, 20, 3), dtype=torch.uint8)
    aspects, samples, draws = torch.ones(4), torch.arange(4), drawn()
    with NothingWaits():
        distorted = distort(images, aspects, samples, 16, EVERYTHING, draws)
        mix(distorted, distorted.roll(1, 0), samples, EVERYTHING, draws)
        with pytest.raises(AssertionError):
            torch.tensor([1.0])
        with pytest.raises(AssertionError):
            samples[0].item()
