"""The training loop: steps over photos in memory, saved at step boundaries, resumable to the bit.

Whatever a step draws at random depends on the seed, the epoch and the sample (`randomness`), so a run that
was killed and started again computes what the uninterrupted run computes.
"""

import math
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from ..architecture import DROPOUT_RATE, LOGITS
from ..engines.torch import Network
from ..errors import FormatError, TrainingError
from ..evaluation import Epoch
from ..watch import Watch
from . import checkpoint
from .augmentation import distort, mix
from .optimisers import optimisers, rate_at, restore_state, set_rate, state_tensors
from .randomness import Draws, permutation
from .recipes import Cycle, Phase, Recipe, RMSProp
from .workers import Workers

SAVE_EVERY = 30.0  # seconds; at most this much is lost, and a save takes a fifth of one


@dataclass(frozen=True)
class Photos:
    """Training photos. `images`: uint8 [n, size, size, 3], whole photos squashed; `aspects`: float32 [n],
    their width over height; `classes`: int64 [n]."""

    images: Tensor
    aspects: Tensor
    classes: Tensor


@dataclass(frozen=True)
class Score:
    """How a network does on the validation photos."""

    loss: float
    top1: float


@dataclass
class Progress:
    """Where a run stands, as the checkpoint keeps it."""

    epoch: int = 0  # whole epochs done
    step: int = 0  # steps done of the next
    losses: float = 0.0  # their sum over those steps
    history: list[dict[str, Any]] = field(default_factory=list)
    best: Score | None = None
    best_epoch: int = 0
    seconds: float = 0.0  # of training, validation left out

    def facts(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def of(cls, facts: dict[str, Any]) -> "Progress":
        best = Score(**facts["best"]) if facts["best"] else None
        return cls(**{**facts, "best": best})


@dataclass(frozen=True)
class Run:
    """One training run and everything it is given.

    `identity` names data, recipe and seed: a checkpoint of another identity is refused. `validate` scores a
    network after every epoch; `watch` hears of steps and epochs, in the main process.
    """

    recipe: Recipe
    photos: Photos
    checkpoint: Path
    identity: str
    seed: int = 0
    bfloat16: bool = True
    phase: str = "training"
    validate: Callable[[Network], Score] | None = None
    watch: Watch = field(default_factory=Watch)


def train(network: Network, run: Run, workers: Workers) -> list[Epoch]:
    """Trains `network` in place by `run.recipe`, going on where `run.checkpoint` stands; its epochs.

    In the end it holds the moving average of its weights, or those of the best epoch, where the recipe asks
    for them. Raises `TrainingError` if the loss is no longer finite, `FormatError` for a checkpoint of
    another run, `OutputError` if a checkpoint cannot be written.
    """
    return _Training(network, run, workers).run_to_the_end()


class _Training:
    def __init__(self, network: Network, run: Run, workers: Workers) -> None:
        self.run, self.recipe, self.workers = run, run.recipe, workers
        self.network = network.to(workers.device)
        self.dtype = next(network.parameters()).dtype
        self.optimisers = optimisers(network, run.recipe)
        state = network.state_dict()
        self.average = {n: v.clone() for n, v in state.items()} if run.recipe.average else None
        self.best = {n: v.clone() for n, v in state.items()} if run.recipe.patience else None
        self.weights = (
            class_weights(run.photos.classes).to(workers.device) if run.recipe.class_weights else None
        )
        self.progress = Progress()
        self._restore()
        self.model = workers.wrap(network)
        self.batch = min(run.recipe.batch_size, len(run.photos.classes)) // workers.count * workers.count
        self.steps = len(run.photos.classes) // self.batch
        self.saved = time.monotonic()

    def run_to_the_end(self) -> list[Epoch]:
        if self.best is not None and not self.progress.best:
            self._validate()  # what it begins with may be the best: a head on frozen features is hard to beat
        first = 0
        for cycle in self.recipe.cycles:
            epochs = [(cycle, phase) for phase in cycle.phases for _ in range(phase.epochs)]
            for number, (_, phase) in enumerate(epochs):
                if first + number == self.progress.epoch and not self._stops_early():
                    self._epoch(cycle, phase, number)
            first += len(epochs)
        kept = self.best if self.best is not None and self.progress.best else self.average
        if kept is not None:
            self.network.load_state_dict(kept)
        return [Epoch(**epoch) for epoch in self.progress.history]

    def _epoch(self, cycle: Cycle, phase: Phase, in_cycle: int) -> None:
        progress, run = self.progress, self.run
        start, waited, done = time.perf_counter(), 0.0, self.steps - progress.step
        for batch, waiting in self._batches(phase):
            waited += waiting
            set_rate(self.optimisers, rate_at(cycle, in_cycle + progress.step / self.steps))
            loss = self._step(phase, *batch)
            if not math.isfinite(loss):
                raise TrainingError(
                    f"The loss became {loss} in epoch {progress.epoch + 1}; what was saved before is in "
                    f"{run.checkpoint}: remove it and take a lower learning rate, or --precision f32."
                )
            progress.losses += loss
            progress.step += 1
            if self.workers.is_main:
                total = self.steps * len(self.recipe.epochs)
                run.watch.progress(run.phase, progress.epoch * self.steps + progress.step, total)
            if progress.step < self.steps and time.monotonic() - self.saved > SAVE_EVERY:
                self._save()
        seconds = time.perf_counter() - start
        progress.seconds += seconds
        score = self._validate()
        finished = Epoch(
            phase=run.phase,
            epoch=progress.epoch + 1,
            train_loss=progress.losses / self.steps,
            validation_loss=score.loss if score else None,
            validation_top1=score.top1 if score else None,
            learning_rate=rate_at(cycle, in_cycle),
            images_per_second=done * self.batch / seconds,
            waiting=waited / seconds,
        )
        progress.history.append(asdict(finished))
        progress.epoch, progress.step, progress.losses = progress.epoch + 1, 0, 0.0
        self._save()
        if self.workers.is_main:
            run.watch.epoch(finished)

    def _batches(self, phase: Phase) -> Iterator[tuple[tuple[Tensor, ...], float]]:
        """What each step needs, fetched while the one before computes; and seconds waited for it."""
        order = permutation(self.run.seed, self.progress.epoch, len(self.run.photos.classes))
        device = self.workers.device

        def fetch(step: int) -> tuple[Tensor, ...]:
            whole = order[step * self.batch : (step + 1) * self.batch]
            samples = self.workers.share(whole)
            partners = self.workers.share(whole.roll(1))
            found = [samples, self._images(samples)]
            if phase.augmentation.mixes:
                found += [partners, self._images(partners)]
            return tuple(tensor.to(device, non_blocking=True) for tensor in found)

        with ThreadPoolExecutor(1, "fetch") as thread:
            ahead = thread.submit(fetch, self.progress.step)
            for step in range(self.progress.step, self.steps):
                start = time.perf_counter()
                batch = ahead.result()
                waited = time.perf_counter() - start
                if step + 1 < self.steps:
                    ahead = thread.submit(fetch, step + 1)
                yield batch, waited

    def _images(self, samples: Tensor) -> Tensor:
        # By NumPy: PyTorch would start a second team of threads here, which waits by spinning.
        return torch.from_numpy(self.run.photos.images.numpy()[samples.numpy()])

    def _step(
        self,
        phase: Phase,
        samples: Tensor,
        images: Tensor,
        partners: Tensor | None = None,
        other_images: Tensor | None = None,
    ) -> float:
        recipe, how = self.recipe, phase.augmentation
        draws = Draws(self.run.seed, torch.tensor(self.progress.epoch, device=samples.device))
        inputs = self._distorted(phase, samples, images, draws)
        classes = self.run.photos.classes.to(samples.device)
        if partners is not None and other_images is not None:
            others = self._distorted(phase, partners, other_images, draws)
            inputs, remains = mix(inputs, others, samples, how, draws)
            logits = self._logits(inputs.to(self.dtype), samples, draws)
            loss = self._loss(logits, classes[samples], remains)
            loss = loss + self._loss(logits, classes[partners], 1 - remains)
        else:
            logits = self._logits(inputs.to(self.dtype), samples, draws)
            loss = self._loss(logits, classes[samples])
        if isinstance(recipe.optimiser, RMSProp):
            loss = loss + torch.stack(self.network.regularization_losses()).sum()
        loss.backward()
        value = float(self.workers.mean(loss.detach()))
        if math.isfinite(value):
            for optimiser in self.optimisers:
                optimiser.step()
        for optimiser in self.optimisers:
            optimiser.zero_grad()
        self._update_average()
        return value

    def _distorted(self, phase: Phase, samples: Tensor, images: Tensor, draws: Draws) -> Tensor:
        aspects = self.run.photos.aspects.to(samples.device)[samples]
        return distort(images, aspects, samples, phase.size, phase.augmentation, draws)

    def _logits(self, images: Tensor, samples: Tensor, draws: Draws) -> Tensor:
        recipe = self.recipe
        updates = recipe.batch_norm == "update"
        dropout: Tensor | bool = False
        if recipe.dropout:
            features = self.network.architecture.num_features
            kept = draws.uniform("dropout", samples, features) >= DROPOUT_RATE
            dropout = kept.float() / (1 - DROPOUT_RATE)
        with torch.autocast(images.device.type, torch.bfloat16, enabled=self.run.bfloat16):
            endpoints = self.model(
                images,
                batch_statistics=updates,
                momentum=recipe.batch_norm_momentum if updates else None,
                dropout=dropout,
                all_reduce=self.workers.all_reduce,
            )
        logits: Tensor = endpoints[LOGITS]
        return logits.to(torch.promote_types(logits.dtype, torch.float32))

    def _loss(self, logits: Tensor, classes: Tensor, shares: Tensor | None = None) -> Tensor:
        """Mean cross entropy; with `shares` [batch] each photo counts by its own."""
        losses = F.cross_entropy(
            logits, classes, self.weights, reduction="none", label_smoothing=self.recipe.label_smoothing
        )
        losses = losses if shares is None else losses * shares
        return losses.mean() if self.weights is None else losses.sum() / self.weights[classes].sum()

    @torch.no_grad()
    def _update_average(self) -> None:
        if self.average is None or self.recipe.average is None:
            return
        steps = self.progress.epoch * self.steps + self.progress.step
        # Young averages forget faster, or the first weights would weigh on a short run.
        decay = min(self.recipe.average, (1 + steps) / (10 + steps))
        for name, value in self.network.state_dict().items():
            self.average[name].lerp_(value, 1 - decay)

    def _validate(self) -> Score | None:
        if self.run.validate is None:
            return None
        score = None
        if self.workers.is_main:
            present = {n: v.clone() for n, v in self.network.state_dict().items()}
            if self.average is not None:
                self.network.load_state_dict(self.average)
            score = self.run.validate(self.network)
            self.network.load_state_dict(present)
        score = self.workers.from_main(score)
        if score and (self.progress.best is None or score.loss < self.progress.best.loss):
            self.progress.best = score
            self.progress.best_epoch = self.progress.epoch + (1 if self.progress.step else 0)
            if self.best is not None:
                kept = self.average if self.average is not None else self.network.state_dict()
                self.best = {name: value.clone() for name, value in kept.items()}
        return score

    def _stops_early(self) -> bool:
        patience, progress = self.recipe.patience, self.progress
        return bool(patience and progress.best and progress.epoch - progress.best_epoch >= patience)

    def _save(self) -> None:
        if self.workers.is_main:
            tensors = {f"weights/{n}": v.detach() for n, v in self.network.state_dict().items()}
            tensors |= {f"optimiser/{n}": v for n, v in state_tensors(self.optimisers, self.network).items()}
            for kind, kept in (("average", self.average), ("best", self.best)):
                tensors |= {f"{kind}/{name}": value for name, value in (kept or {}).items()}
            facts = {"identity": self.run.identity, "progress": self.progress.facts()}
            checkpoint.save(self.run.checkpoint, tensors, facts)
        self.saved = time.monotonic()

    def _restore(self) -> None:
        found = checkpoint.load(self.run.checkpoint)
        if found is None:
            return
        tensors, facts = found
        if facts["identity"] != self.run.identity:
            raise FormatError(
                f"The checkpoint {self.run.checkpoint} is of other data, another recipe or another seed; "
                "give what it was begun with, or remove it to begin anew."
            )
        self.progress = Progress.of(facts["progress"])
        parts: dict[str, dict[str, Tensor]] = {"weights": {}, "optimiser": {}, "average": {}, "best": {}}
        for name, value in tensors.items():
            kind, rest = name.split("/", 1)
            parts[kind][rest] = value
        self.network.load_state_dict(parts["weights"])
        restore_state(self.optimisers, self.network, parts["optimiser"])
        for kept, values in ((self.average, parts["average"]), (self.best, parts["best"])):
            if kept is not None:
                kept.update({name: value.to(self.workers.device) for name, value in values.items()})


def class_weights(classes: Tensor) -> Tensor:
    """float32 [number of classes]: inversely proportional to a class's photos, mean one over the photos."""
    counts = torch.bincount(classes).float()
    return len(classes) / (len(counts) * counts.clamp(min=1))
