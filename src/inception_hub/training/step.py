"""The training step: distort, mix, forward, loss, backward, update. Nothing in it waits for the device.

Whatever a step draws at random depends on the seed, the epoch and the sample (`randomness`), so any number
of processes, eager or recorded as a CUDA graph, computes the same run.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..architecture import DROPOUT_RATE, LOGITS
from ..engines.arithmetic import exact_float32, fastest_kernels
from ..engines.torch import Network
from .distortions import distort, mix
from .optimisers import Optimisers
from .randomness import Draws
from .recipes import Phase, RMSProp
from .run import Run
from .workers import Workers


class Step:
    """The training step of `run`, over a network and its optimisers.

    `epoch`: int64 scalar on the device, which random draws depend on. `losses`: the sum of the steps' mean
    losses since it was last set to zero, on the device. `resident`: all photos there, or None.
    """

    def __init__(
        self,
        network: Network,
        model: nn.Module,
        run: Run,
        workers: Workers,
        optimisers: Optimisers,
        resident: Tensor | None,
    ) -> None:
        self._network, self._model, self._run = network, model, run
        self._optimisers, self._all_reduce, self._resident = optimisers, workers.all_reduce, resident
        device = workers.device
        self._dtype = next(network.parameters()).dtype
        self._classes = run.photos.classes.to(device)
        self._aspects = run.photos.aspects.to(device)
        weighted = run.recipe.class_weights
        self._weights = class_weights(run.photos.classes).to(device, self._dtype) if weighted else None
        self.epoch = torch.zeros((), dtype=torch.int64, device=device)
        self.losses = torch.zeros((), dtype=torch.promote_types(self._dtype, torch.float32), device=device)
        self._draws = Draws(run.seed, self.epoch)

    def __call__(self, phase: Phase, samples: Tensor, images: Tensor | None) -> None:
        """One step on the photos of a `Batch`; changes weights, statistics and `losses`."""
        if images is None:
            assert self._resident is not None
            images = self._resident[samples]
        with exact_float32(), fastest_kernels():
            loss = self._loss(phase, samples, images)
            loss.backward()
            self._optimisers.step()
        self.losses += loss.detach()

    def _loss(self, phase: Phase, samples: Tensor, images: Tensor) -> Tensor:
        recipe, how = self._run.recipe, phase.augmentation
        aspects = self._aspects[samples]
        inputs = distort(images, aspects, samples, phase.size, how, self._draws)
        others = remains = None
        if how.mixes:  # each photo with the one before it
            others, samples = samples[:-1], samples[1:]
            inputs, remains = mix(inputs[1:], inputs[:-1], samples, how, self._draws)
        inputs = inputs.to(self._dtype)
        with torch.autocast(inputs.device.type, torch.bfloat16, enabled=self._run.bfloat16):
            logits = self._logits(inputs, samples)
            teachers = self._run.teachers
            soft = teachers.loss(logits, inputs) if teachers is not None else None
        losses = self._cross_entropy(logits, samples)
        if others is not None and remains is not None:
            losses = losses * remains + self._cross_entropy(logits, others) * (1 - remains)
        if teachers is not None and soft is not None:
            losses = losses * (1 - teachers.share) + soft * teachers.share
        loss = losses.mean()
        if isinstance(recipe.optimiser, RMSProp):
            loss = loss + torch.stack(self._network.regularization_losses()).sum()
        return loss

    def _logits(self, images: Tensor, samples: Tensor) -> Tensor:
        recipe = self._run.recipe
        updates = recipe.batch_norm == "update"
        dropout: Tensor | bool = False
        if recipe.dropout:
            draws = self._draws.uniform("dropout", samples, self._network.architecture.num_features)
            dropout = (draws >= DROPOUT_RATE).float() / (1 - DROPOUT_RATE)
        endpoints = self._model(
            images,
            batch_statistics=updates,
            momentum=recipe.batch_norm_momentum if updates else None,
            dropout=dropout,
            all_reduce=self._all_reduce,
            endpoints=(LOGITS,),
        )
        logits: Tensor = endpoints[LOGITS]
        return logits.to(torch.promote_types(logits.dtype, torch.float32))

    def _cross_entropy(self, logits: Tensor, samples: Tensor) -> Tensor:
        """[batch]. Class weights have mean one over all photos, so the batch's mean needs no divisor."""
        smoothing = self._run.recipe.label_smoothing
        return F.cross_entropy(
            logits, self._classes[samples], self._weights, reduction="none", label_smoothing=smoothing
        )


def class_weights(classes: Tensor) -> Tensor:
    """float64 [number of classes]: inversely proportional to a class's photos, mean one over the photos."""
    counts = torch.bincount(classes).double()
    return len(classes) / (len(counts) * counts.clamp(min=1))
