"""What augmentation makes of a photo, as pictures for the report and TensorBoard."""

import numpy as np
import torch

from .augmentation import distort
from .job import Photos
from .listener import Pictures
from .randomness import Draws
from .recipes import Phase

VARIATIONS = 5


def preview(photos: Photos, phase: Phase, seed: int) -> Pictures:
    """The first photo, squashed as it is stored, and what the first epochs make of it."""
    sample = torch.zeros(1, dtype=torch.int64)
    pictures = [("original", photos.images[0].numpy().copy())]
    for epoch in range(VARIATIONS):
        draws = Draws(seed, torch.tensor(epoch))
        found = distort(photos.images[:1], photos.aspects[:1], sample, phase.size, phase.augmentation, draws)
        pictures.append((f"epoch {epoch + 1}", (found[0] * 255).round().numpy().astype(np.uint8)))
    return pictures
