"""A preview of augmentation for the report and TensorBoard: one photo as the first epochs see it."""

import numpy as np
import torch

from .distortions import distort
from .listener import CaptionedImages
from .randomness import Draws
from .recipes import Phase
from .training_data import Photos

EPOCHS = 5


def augmentation_preview(photos: Photos, phase: Phase, seed: int) -> CaptionedImages:
    """The first photo as it is stored, and its distorted versions in the first epochs."""
    sample = torch.zeros(1, dtype=torch.int64)
    images = [("original", photos.images[0].numpy().copy())]
    for epoch in range(EPOCHS):
        draws = Draws(seed, torch.tensor(epoch))
        distorted = distort(
            photos.images[:1], photos.aspects[:1], sample, phase.size, phase.augmentation, draws
        )
        images.append((f"epoch {epoch + 1}", (distorted[0] * 255).round().numpy().astype(np.uint8)))
    return images
