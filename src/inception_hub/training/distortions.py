"""Distortions of a whole batch at a time, on the device that trains: crop, turn, sharpen, colour, mix.

What happens to a photo depends on the seed, the epoch and the photo alone (`randomness`). Everything is
arithmetic on the device: no value is read back, so a step can be recorded as a CUDA graph.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from .augmentation import Augmentation
from .randomness import Draws

GREY = (0.299, 0.587, 0.114)  # luma of ITU-R BT.601


def distort(
    images: Tensor, aspects: Tensor, samples: Tensor, size: int, how: Augmentation, draws: Draws
) -> Tensor:
    """uint8 [batch, height, width, 3] -> float32 [batch, size, size, 3] in [0, 1].

    `images` are photos made one shape; `aspects` [batch] are the true width over height of what they show,
    so that crops keep the proportions of things. `samples` [batch] are the photos' numbers in their set.
    """
    theta = _transforms(aspects, samples, how, draws)
    grid = F.affine_grid(theta, [len(images), 3, size, size], align_corners=False)
    pixels = images.permute(0, 3, 1, 2).float() / 255
    # What a rotated crop sees beyond the photo's edge is its mirror image. A crop that lies in the photo
    # sees the same either way, and the edge's pixels are cheaper on a CPU.
    padding = "reflection" if how.rotation or how.shear else "border"
    crops = F.grid_sample(pixels, grid, padding_mode=padding, align_corners=False)
    if how.sharpness:
        crops = sharpen(crops, _amounts(draws, samples, how))
    crops = crops.permute(0, 2, 3, 1).contiguous()
    return coloured(crops, draws.uniform("colour", samples, 3), how.colour) if how.colour else crops


def _transforms(aspects: Tensor, samples: Tensor, how: Augmentation, draws: Draws) -> Tensor:
    """float32 [batch, 2, 3]: from a crop's coordinates to its photo's, both [-1, 1] from edge to edge.

    The crop is turned and sheared before its sides are scaled to shares of the photo's, so a thing keeps the
    shape that it has in an unturned crop, whatever the photo's aspect.
    """
    crop = draws.uniform("crop", samples, 5)
    area = how.min_area + (1 - how.min_area) * crop[:, 0]
    ratio = ((2 * crop[:, 1] - 1) * math.log(how.max_aspect)).exp() / aspects
    # The crop's sides as shares of the photo's; one that would stick out is shortened.
    width, height = (area * ratio).sqrt().clamp(max=1), (area / ratio).sqrt().clamp(max=1)
    mirror = torch.where(crop[:, 2] < how.mirror, -1.0, 1.0)
    x, y = (2 * crop[:, 3] - 1) * (1 - width), (2 * crop[:, 4] - 1) * (1 - height)
    angle = _either_way(draws, "rotation", samples, math.radians(how.rotation), how.rotated)
    shear = _either_way(draws, "shear", samples, how.shear, how.sheared)
    cosine, sine = angle.cos(), angle.sin()
    across = torch.stack([width * mirror * cosine, width * (shear - sine), x], 1)
    down = torch.stack([height * mirror * sine, height * cosine, y], 1)
    return torch.stack([across, down], 1)


def _either_way(draws: Draws, use: str, samples: Tensor, most: float, share: float) -> Tensor:
    """float32 [batch]: between -`most` and `most` for a `share` of the photos, 0 for the others."""
    if not most:
        return torch.zeros(len(samples), device=samples.device)
    numbers = draws.uniform(use, samples, 2)
    return torch.where(numbers[:, 0] < share, (2 * numbers[:, 1] - 1) * most, 0.0)


def _amounts(draws: Draws, samples: Tensor, how: Augmentation) -> Tensor:
    """float32 [batch]: from half of `sharpness` the soft way to all of it the sharp way."""
    numbers = draws.uniform("sharpness", samples, 2)
    return torch.where(numbers[:, 0] < how.sharpened, (1.5 * numbers[:, 1] - 0.5) * how.sharpness, 0.0)


def sharpen(images: Tensor, amounts: Tensor) -> Tensor:
    """`images` [batch, 3, height, width] in [0, 1] moved away from their 3 x 3 means, by `amounts` [batch].

    -1 is the mean itself, 0 changes nothing. Pixels beyond the edge count as those at the edge.
    """
    means = F.avg_pool2d(F.pad(images, (1, 1, 1, 1), mode="replicate"), 3, stride=1)
    return torch.lerp(means, images, 1 + amounts[:, None, None, None]).clamp_(0, 1)


def coloured(images: Tensor, draws: Tensor, strength: float) -> Tensor:
    """`images` in [0, 1] with brightness, contrast and saturation changed by `draws` [batch, 3] in [0, 1)."""
    brightness, contrast, saturation = (1 + strength * (2 * draws[:, :, None, None, None] - 1)).unbind(1)
    images = images * brightness
    images = torch.lerp(images.mean((1, 2, 3), keepdim=True), images, contrast)
    red, green, blue = (images[..., channel, None] * share for channel, share in enumerate(GREY))
    return torch.lerp(red + green + blue, images, saturation).clamp_(0, 1)


def mix(
    images: Tensor, others: Tensor, samples: Tensor, how: Augmentation, draws: Draws
) -> tuple[Tensor, Tensor]:
    """CutMix (Yun et al., 2019) for some photos, mixup (Zhang et al., 2018) for others.

    `images` and `others`: float32 [batch, size, size, 3] in [0, 1]; `samples` [batch]: the numbers of
    `images`. Returns the mixed images and, float32 [batch], the share of `images` that remains in each.
    That share is uniform between 0 and 1 in both (of a rectangle, before it is cut off at the border): the
    papers' Beta(1, 1). Mixup of a share of the photos by a uniform one leaves the rest whole, as a
    distribution with a peak at either end does with nearly all of them.
    """
    size = images.shape[1]
    which, share, y, x = draws.uniform("mix", samples, 4)[:, :, None, None].unbind(1)
    half = (1 - share).sqrt() * size / 2
    centres = torch.arange(size, device=images.device) + 0.5  # of pixels
    rows = (centres[:, None] - y * size).abs() < half
    columns = (centres - x * size).abs() < half
    # How much of each pixel comes from the other photo, [batch, size, size].
    pasted = (rows & columns).float()
    blended = (1 - share).expand_as(pasted)
    taken = torch.where(which < how.cutmix, pasted, blended)
    taken = torch.where(which < how.cutmix + how.mixup, taken, 0.0)
    return torch.lerp(images, others, taken[..., None]), 1 - taken.mean((1, 2))
