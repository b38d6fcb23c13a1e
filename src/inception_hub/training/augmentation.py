"""Random crops and flips, a whole batch at a time."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor


def distort(images: Tensor, size: int, min_area: float, generator: torch.Generator) -> Tensor:
    """uint8 [batch, height, width, 3] -> float32 [batch, size, size, 3] in [0, 1].

    Slim's distorted crop: `min_area` to all of the photo, aspect ratio 3/4 to 4/3, anywhere inside;
    bilinear; mirrored half of the time.
    """

    def uniform(low: float, high: float) -> Tensor:
        return torch.rand(len(images), generator=generator) * (high - low) + low

    area, ratio = uniform(min_area, 1.0), uniform(-math.log(4 / 3), math.log(4 / 3)).exp()
    width, height = (area * ratio).sqrt().clamp(max=1), (area / ratio).sqrt().clamp(max=1)
    mirror = torch.where(uniform(0, 1) < 0.5, -1.0, 1.0)
    theta = torch.zeros(len(images), 2, 3)
    theta[:, 0, 0], theta[:, 0, 2] = width * mirror, uniform(-1, 1) * (1 - width)
    theta[:, 1, 1], theta[:, 1, 2] = height, uniform(-1, 1) * (1 - height)
    grid = F.affine_grid(theta, [len(images), 3, size, size], align_corners=False)
    pixels = images.permute(0, 3, 1, 2).float() / 255
    return F.grid_sample(pixels, grid, padding_mode="border", align_corners=False).permute(0, 2, 3, 1)
