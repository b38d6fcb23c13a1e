"""The first phase of fine-tuning: a new head, fitted to the feature vectors of a frozen network."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from ..architecture import LOGITS_LAYER
from ..engines.torch import Network
from ..evaluation import Score
from ..images.presets import Preset
from ..images.resize import resize
from ..inspection.quick_look import label_notes
from ..system.text import counted
from .choices import Select
from .features import feature_vectors
from .finetune_options import FinetuneOptions
from .listener import RunListener
from .selection import rank
from .step import class_weights
from .training_data import Photos, TrainingData

DECAYS = (1e-4, 1e-3, 1e-2, 1e-1)  # strengths of the head's weight decay; the validation set decides
ITERATIONS = 200


def train_head(
    network: Network,
    data: TrainingData,
    preset: Preset,
    options: FinetuneOptions,
    folder: Path,
    identity: str,
    listener: RunListener,
) -> Score:
    """Fits the head of `network`, in place, to feature vectors that are computed once and kept in `folder`.

    Vectors of another `identity` are computed anew. Returns the score on the validation set.
    """
    size = (data.validation.images.shape[1], data.validation.images.shape[2])

    def training(start: int, stop: int) -> Tensor:
        """The training photos as validation sees them."""
        images = [resize(image, size, preset) for image in data.train.images[start:stop].numpy()]
        return torch.from_numpy(np.stack(images))

    def validation(start: int, stop: int) -> Tensor:
        return data.validation.images[start:stop].float() / 255

    def features(name: str, photos: Photos, images: Callable[[int, int], Tensor]) -> Tensor:
        return feature_vectors(
            network,
            len(photos.classes),
            images,
            bool(options.bfloat16),
            folder / f"{name}.vectors",
            identity,
            lambda done, total: listener.progress(f"{name} features", done, total),
            lambda done: listener.note(f"Continuing with the features of {counted(done, 'photo')}."),
        )

    classes = data.train.classes
    vectors = features("training", data.train, training)
    for note in label_notes(vectors.numpy(), classes.numpy()):
        listener.note(note)
    kernel, biases, score = fit_head(
        vectors,
        classes,
        network.architecture.num_classes,
        (features("validation", data.validation, validation), data.validation.classes),
        class_weights(classes) if options.class_weights else None,
        options.select,
    )
    with torch.no_grad():
        network.get_parameter(f"{LOGITS_LAYER}/weights").copy_(kernel[None, None])
        network.get_parameter(f"{LOGITS_LAYER}/biases").copy_(biases)
    assert score is not None
    return score


def fit_head(
    vectors: Tensor,
    classes: Tensor,
    num_classes: int,
    validation: tuple[Tensor, Tensor] | None = None,
    class_weights: Tensor | None = None,
    select: Select = "loss",
) -> tuple[Tensor, Tensor, Score | None]:
    """Softmax regression by L-BFGS: kernel [features, classes], biases [classes], validation score.

    `vectors`: float32 [n, features], of the `classes`, int64 [n]. `validation`: vectors and classes of the
    validation set. Of the weight decays `DECAYS` the one with the best score, by `select`, is taken; without
    `validation` the second, and there is no score.
    """
    scale = vectors.std().clamp(min=1e-6)  # features of any network in the range that DECAYS is for
    fits: list[tuple[Tensor, Tensor, Score | None]] = []
    decays = DECAYS if validation else DECAYS[1:2]
    for decay in decays:
        kernel, biases = _fit(vectors / scale, classes, num_classes, decay, class_weights)
        kernel = kernel / scale
        score = None
        if validation:
            logits = validation[0] @ kernel + biases
            hits = (logits.argmax(1) == validation[1]).float().mean()
            score = Score(float(F.cross_entropy(logits, validation[1])), float(hits), len(logits))
        fits.append((kernel, biases, score))
    return min(fits, key=lambda fit: rank(fit[2], select) if fit[2] else (0.0, 0.0))


def _fit(
    vectors: Tensor, classes: Tensor, num_classes: int, decay: float, class_weights: Tensor | None
) -> tuple[Tensor, Tensor]:
    kernel = torch.zeros(vectors.shape[1], num_classes, requires_grad=True)
    biases = torch.zeros(num_classes, requires_grad=True)
    optimiser = torch.optim.LBFGS([kernel, biases], max_iter=ITERATIONS, line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        optimiser.zero_grad()
        loss = F.cross_entropy(vectors @ kernel + biases, classes, class_weights)
        loss = loss + decay / 2 * kernel.square().sum()
        loss.backward()
        return loss

    optimiser.step(closure)
    return kernel.detach(), biases.detach()
