"""The preview of augmentation: the photo as it is, then as the first epochs see it."""

import numpy as np
import torch
from helpers import runs

from inception_hub.training.augmentation import Augmentation
from inception_hub.training.distortions import distort
from inception_hub.training.preview import augmentation_preview
from inception_hub.training.randomness import Draws
from inception_hub.training.recipes import Phase

PHASE = Phase(1, 32, Augmentation(colour=0.3))


def test_the_first_photo_is_shown_as_the_epochs_see_it() -> None:
    photos = runs.photos()
    images = augmentation_preview(photos, PHASE, seed=3)
    assert [caption for caption, _ in images] == ["original", *(f"epoch {n}" for n in range(1, 6))]
    np.testing.assert_array_equal(images[0][1], photos.images[0].numpy())
    assert all(image.shape == (32, 32, 3) and image.dtype == np.uint8 for _, image in images[1:])
    sample = torch.zeros(1, dtype=torch.int64)
    draws = Draws(3, torch.tensor(1))
    second = distort(photos.images[:1], photos.aspects[:1], sample, 32, PHASE.augmentation, draws)
    np.testing.assert_array_equal(images[2][1], (second[0] * 255).round().numpy().astype(np.uint8))


def test_a_seed_has_its_own() -> None:
    first, other = (augmentation_preview(runs.photos(), PHASE, seed) for seed in (0, 1))
    assert not any(np.array_equal(a, b) for (_, a), (_, b) in zip(first[1:], other[1:], strict=True))
