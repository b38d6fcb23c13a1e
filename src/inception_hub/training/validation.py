"""Validation: the loss and top-1 of a network on the validation set."""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from ..architecture import LOGITS
from ..engines.torch import Network
from ..evaluation import Score
from .training_data import Photos

BATCH = 64  # photos


def validator(photos: Photos, bfloat16: bool) -> Callable[[Network], Score]:
    """A function that scores a network on `photos`, normalising by its moving statistics."""

    @torch.no_grad()
    def validate(network: Network) -> Score:
        device = next(network.parameters()).device
        losses, hits = 0.0, 0
        for start in range(0, len(photos.classes), BATCH):
            images = photos.images[start : start + BATCH].to(device).float() / 255
            classes = photos.classes[start : start + BATCH].to(device)
            with torch.autocast(device.type, torch.bfloat16, enabled=bfloat16):
                logits: Tensor = network(images)[LOGITS]
            losses += float(F.cross_entropy(logits.float(), classes, reduction="sum"))
            hits += int((logits.argmax(1) == classes).sum())
        total = len(photos.classes)
        return Score(losses / total, hits / total, total)

    return validate
