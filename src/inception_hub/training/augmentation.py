"""Distortions of a whole batch at a time, on the device that trains: crop, flip, colour, cut and mix.

What happens to a photo depends on the seed, the epoch and the photo alone (`randomness`).
"""

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from .randomness import uniform

GREY = (0.299, 0.587, 0.114)  # luma of ITU-R BT.601


@dataclass(frozen=True)
class Augmentation:
    """How training photos are distorted; the defaults are Slim's distorted crop without colour."""

    min_area: float = 0.4  # smallest share of the photo that a crop covers
    max_aspect: float = 4 / 3  # longest to shortest side of a crop, either way
    mirror: float = 0.5  # share of photos mirrored
    colour: float = 0.0  # brightness, contrast and saturation change by up to this share
    cutmix: float = 0.0  # share of batches in which each photo gets a piece of another

    def describe(self) -> str:
        """One line for reports and cards."""
        parts = [
            f"crops of {self.min_area:.0%} of the area and up",
            f"mirrored {self.mirror:.0%} of the time",
        ]
        if self.colour:
            parts.append(f"brightness, contrast, saturation up to ±{self.colour:.0%}")
        if self.cutmix:
            parts.append(f"CutMix in {self.cutmix:.0%} of batches")
        return ", ".join(parts)


def distort(
    images: Tensor, aspects: Tensor, samples: Tensor, size: int, how: Augmentation, seed: int, epoch: int
) -> Tensor:
    """uint8 [batch, height, width, 3] -> float32 [batch, size, size, 3] in [0, 1].

    `images` are whole photos, squashed to one shape; `aspects` [batch] are their true width over height,
    so that crops keep the proportions of things. `samples` [batch] are the photos' numbers in their set.
    """
    draws = uniform(seed, epoch, "crop", samples, 5)
    area = how.min_area + (1 - how.min_area) * draws[:, 0]
    ratio = ((2 * draws[:, 1] - 1) * math.log(how.max_aspect)).exp() / aspects
    # The crop's sides as shares of the photo's; one that would stick out is shortened.
    width, height = (area * ratio).sqrt().clamp(max=1), (area / ratio).sqrt().clamp(max=1)
    mirror = torch.where(draws[:, 2] < how.mirror, -1.0, 1.0)
    theta = torch.zeros(len(images), 2, 3, device=images.device)
    theta[:, 0, 0], theta[:, 0, 2] = width * mirror, (2 * draws[:, 3] - 1) * (1 - width)
    theta[:, 1, 1], theta[:, 1, 2] = height, (2 * draws[:, 4] - 1) * (1 - height)
    grid = F.affine_grid(theta, [len(images), 3, size, size], align_corners=False)
    pixels = images.permute(0, 3, 1, 2).float() / 255
    crops = F.grid_sample(pixels, grid, padding_mode="border", align_corners=False)
    crops = crops.permute(0, 2, 3, 1).contiguous()
    return coloured(crops, uniform(seed, epoch, "colour", samples, 3), how.colour) if how.colour else crops


def coloured(images: Tensor, draws: Tensor, strength: float) -> Tensor:
    """`images` in [0, 1] with brightness, contrast and saturation changed by `draws` [batch, 3] in [0, 1)."""
    brightness, contrast, saturation = (1 + strength * (2 * draws[:, :, None, None, None] - 1)).unbind(1)
    images = images * brightness
    images = torch.lerp(images.mean((1, 2, 3), keepdim=True), images, contrast)
    grey = (images * torch.tensor(GREY, device=images.device)).sum(3, keepdim=True)
    return torch.lerp(grey, images, saturation).clamp_(0, 1)


def cut_and_paste(images: Tensor, others: Tensor, draws: Tensor) -> float:
    """CutMix (Yun et al., 2019): pastes one rectangle of `others` into `images`, in place.

    `draws`: three numbers in [0, 1), one rectangle for the batch. Returns the share that remains of `images`.
    """
    size = images.shape[1]
    share, y, x = draws.tolist()
    side = int(size * math.sqrt(share))
    top, left = int(y * size) - side // 2, int(x * size) - side // 2
    rows, columns = slice(max(top, 0), max(top + side, 0)), slice(max(left, 0), max(left + side, 0))
    images[:, rows, columns] = others[:, rows, columns]
    pasted = len(range(size)[rows]) * len(range(size)[columns])
    return 1 - pasted / size**2
