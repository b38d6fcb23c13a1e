"""Distortions: what they cover, what they keep, and that they depend on the photo alone."""

import math

import pytest
import torch

from inception_hub.training.augmentation import Augmentation, coloured, cut_and_paste, distort
from inception_hub.training.randomness import permutation, uniform

CROP = Augmentation(min_area=0.4)


def crops(
    images: torch.Tensor, size: int = 16, how: Augmentation = CROP, aspect: float = 1.0, epoch: int = 0
):
    samples = torch.arange(len(images))
    return distort(images, torch.full((len(images),), aspect), samples, size, how, 0, epoch)


def ramp(count: int, axis: int) -> torch.Tensor:
    values = torch.arange(64, dtype=torch.uint8)
    plane = values.repeat(64, 1) if axis == 1 else values[:, None].repeat(1, 64)
    return plane[None, :, :, None].expand(count, -1, -1, 3)


def sides(found: torch.Tensor, axis: int) -> torch.Tensor:
    """Signed share of the photo that each crop covers along `axis`, of crops of a ramp."""
    line = found[:, 8, :, 0] if axis == 1 else found[:, :, 8, 0]
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


def test_borders_are_not_dark() -> None:
    images = torch.full((64, 8, 8, 3), 255, dtype=torch.uint8)
    assert float(crops(images, 12).min()) == pytest.approx(1)


def test_a_photo_is_distorted_alike_in_any_company() -> None:
    images = torch.randint(0, 256, (8, 20, 20, 3), dtype=torch.uint8)
    how = Augmentation(colour=0.3)
    together = crops(images, how=how)
    part = torch.tensor([5, 2])
    alone = distort(images[part], torch.ones(2), part, 16, how, 0, 0)
    assert torch.equal(alone, together[part])
    assert not torch.allclose(crops(images, how=how, epoch=1), together)


def test_colours_change_within_bounds() -> None:
    images = torch.rand(256, 4, 4, 3) * 0.5 + 0.1
    extreme = coloured(images, torch.tensor([[1.0, 0.5, 0.5]]).expand(256, -1), 0.2)
    assert torch.allclose(extreme, images * 1.2, atol=1e-6), "brightness"
    grey = coloured(images, torch.tensor([[0.5, 0.5, 0.0]]).expand(256, -1), 1.0)
    assert torch.allclose(grey[..., 0], grey[..., 2], atol=1e-6), "no saturation"
    flat = coloured(images, torch.tensor([[0.5, 0.0, 0.5]]).expand(256, -1), 1.0)
    assert torch.allclose(flat, flat[:, :1, :1, :1].expand_as(flat), atol=1e-6), "no contrast"
    assert torch.equal(coloured(images, torch.full((256, 3), 0.5), 0.3), images)
    assert float(coloured(images * 2, torch.ones(256, 3), 0.9).max()) <= 1


def test_pasting_leaves_the_share_it_says() -> None:
    for draws in torch.rand(50, 3, generator=torch.Generator().manual_seed(0)):
        images = torch.zeros(2, 32, 32, 3)
        remains = cut_and_paste(images, torch.ones(2, 32, 32, 3), draws)
        assert remains == pytest.approx(1 - float(images.mean()), abs=1e-6)


@pytest.mark.parametrize("use", ["crop", "dropout"])
def test_random_numbers_are_even_and_unrelated(use: str) -> None:
    numbers = uniform(3, 1, use, torch.arange(4096), 8)
    assert numbers.shape == (4096, 8) and 0 <= float(numbers.min()) and float(numbers.max()) < 1
    histogram = torch.histc(numbers, 16, 0, 1) / numbers.numel() * 16
    assert float((histogram - 1).abs().max()) < 0.09  # four standard deviations
    assert float(torch.corrcoef(numbers.T).fill_diagonal_(0).abs().max()) < 0.06
    rows = numbers[:, 0]
    assert abs(float(torch.corrcoef(torch.stack([rows[1:], rows[:-1]]))[0, 1])) < 0.06


def test_random_numbers_depend_on_all_they_are_for() -> None:
    samples = torch.arange(16)
    base = uniform(1, 2, "crop", samples, 4)
    assert torch.equal(base, uniform(1, 2, "crop", samples, 4))
    assert torch.equal(base[3:5], uniform(1, 2, "crop", samples[3:5], 4))
    for seed, epoch, use in ((2, 2, "crop"), (1, 3, "crop"), (1, 2, "colour"), (1 + (1 << 32), 2, "crop")):
        other = uniform(seed, epoch, use, samples, 4)
        assert float((other == base).float().mean()) < 0.05
    assert (
        float((uniform(1 << 32, 0, "crop", samples) == uniform(0, 0, "crop", samples)).float().mean()) < 0.1
    )


def test_epochs_have_orders_of_their_own() -> None:
    first, second = permutation(0, 0, 100), permutation(0, 1, 100)
    assert sorted(first.tolist()) == list(range(100)) and not torch.equal(first, second)
    assert torch.equal(first, permutation(0, 0, 100))


def test_descriptions_say_what_is_done() -> None:
    text = Augmentation(0.25, colour=0.3, cutmix=0.5).describe()
    assert "25%" in text and "±30%" in text and "CutMix in 50%" in text
    assert math.isclose(Augmentation().max_aspect, 4 / 3)
