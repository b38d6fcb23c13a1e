"""The training loop: epochs of steps, with checkpoints from which a run is resumed (on a CPU, to the bit).

The random numbers of a step depend on the seed, the epoch and the sample (`randomness`), so a resumed run
computes what the uninterrupted run computes.
"""

import math
import time
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import torch
from torch import Tensor

from ..engines.torch import Network
from ..errors import TrainingError
from ..evaluation import Epoch, Score
from . import checkpoint, foreach, settings
from .batches import BatchLoader
from .failures import device_failures, out_of_memory
from .optimisers import Optimisers, rate_at
from .recipes import Cycle, Phase, weight_decay_at
from .recording import Eager, Recorded
from .run import Run
from .selection import rank
from .step import Step
from .workers import Workers

SAVE_EVERY = 30.0  # seconds of training that an interruption loses at most
READ_EVERY = {"cpu": 1, "cuda": 32}  # steps between two readings of the loss, for which the CPU waits


@dataclass
class Progress:
    """The progress of a run, part of its checkpoint."""

    batch: int  # photos in a step, over all processes
    epoch: int = 0  # completed epochs
    step: int = 0  # completed steps of the next epoch
    losses: float = 0.0  # the sum of those steps' losses
    history: list[dict[str, Any]] = field(default_factory=list)
    best: Score | None = None
    best_epoch: int = 0
    seconds: float = 0.0  # of training, validation left out

    def facts(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def of(cls, facts: dict[str, Any]) -> "Progress":
        best = facts["best"]
        kept = {name: value for name, value in facts.items() if name != "start"}  # of earlier versions
        return cls(**{**kept, "best": Score(**best) if best else None})


def train(network: Network, run: Run, workers: Workers) -> list[Epoch]:
    """Trains `network` in place by `run.recipe`, resumed from `run.checkpoint` if that exists.

    Returns the epochs, those before an interruption too.

    In the end it holds the moving average of its weights, or the weights of the kept epoch, where the recipe
    asks for them. Raises `TrainingError` if the loss is no longer finite, the device fails or its memory
    holds no batch, `FormatError` for a checkpoint of another run, `OutputError` if a checkpoint cannot be
    written.
    """
    with device_failures(run.checkpoint):
        return _Training(network, run, workers).run_all()


class _Training:
    def __init__(self, network: Network, run: Run, workers: Workers) -> None:
        self.run, self.recipe, self.workers = run, run.recipe, workers
        self.network = network.to(workers.device)
        self.optimisers = Optimisers(network, run.recipe)
        state = network.state_dict()
        self.average = {n: v.clone() for n, v in state.items()} if run.recipe.average else None
        self.best = {n: v.clone() for n, v in state.items()} if run.recipe.patience else None
        batch = min(run.recipe.batch_size, len(run.photos.classes)) // workers.count * workers.count
        self.progress = Progress(batch)
        self._restore()
        self.loader = BatchLoader(run.photos, run.seed, workers)
        model = workers.wrap(network)
        self.step = Step(network, model, run, workers, self.optimisers, self.loader.resident)
        self.run_step: Eager | Recorded = Eager(self.step)
        if workers.device.type == "cuda" and workers.count == 1:  # reductions between GPUs are not recorded
            changed = [*state.values(), *self.optimisers.state().values(), self.step.losses]
            self.run_step = Recorded(self.step, changed)
        self.saved = time.monotonic()

    @property
    def steps(self) -> int:
        """Steps of an epoch."""
        return len(self.run.photos.classes) // self.progress.batch

    def run_all(self) -> list[Epoch]:
        if self.best is not None and not self.progress.best:
            # The initial weights may be the best: a head on frozen features is hard to beat.
            self.progress.best = self.workers.from_main(self.run.start)
        first = 0
        for cycle in self.recipe.cycles:
            epochs = [phase for phase in cycle.phases for _ in range(phase.epochs)]
            for number, phase in enumerate(epochs):
                if first + number == self.progress.epoch and not self._stops_early():
                    self._epoch(cycle, phase, number)
            first += len(epochs)
        chosen = self.best is not None and self.progress.best is not None
        kept = self.best if chosen else self.average
        if kept is not None:
            self.network.load_state_dict(kept)
        number = self.progress.best_epoch if chosen else self.progress.epoch
        epochs = (_epoch_of(facts) for facts in self.progress.history)
        return [replace(each, kept=each.epoch == number) for each in epochs]

    def _epoch(self, cycle: Cycle, phase: Phase, in_cycle: int) -> None:
        progress, start = self.progress, time.perf_counter()
        already = progress.step * progress.batch  # photos trained on before the run was resumed
        waited = 0.0
        while progress.step < self.steps:
            try:
                waited += self._steps(cycle, phase, in_cycle)
            except torch.OutOfMemoryError as error:
                self._take_smaller_batches(phase, error)
        seconds = time.perf_counter() - start
        progress.seconds += seconds
        score = self._validate()
        finished = Epoch(
            phase=self.run.phase,
            epoch=progress.epoch + 1,
            train_loss=progress.losses / self.steps,
            validation=score,
            learning_rate=rate_at(cycle, in_cycle),
            images_per_second=(self.steps * progress.batch - already) / seconds,
            waiting=waited / seconds,
        )
        progress.history.append(asdict(finished))
        progress.epoch, progress.step, progress.losses = progress.epoch + 1, 0, 0.0
        if self._is_due() or self._ends():  # after the last, the module may yet fail to be written
            self._save()
        if self.workers.is_main:
            self.run.listener.epoch(finished)

    def _steps(self, cycle: Cycle, phase: Phase, in_cycle: int) -> float:
        """Runs the remaining steps of an epoch; returns the seconds waited for photos."""
        progress, waited = self.progress, 0.0
        self.step.epoch.fill_(progress.epoch)
        read_every = READ_EVERY[self.workers.device.type]
        batches = self.loader.batches(
            progress.epoch, progress.batch, progress.step, neighbours=phase.augmentation.mixes
        )
        for batch in batches:
            waited += batch.waited
            done = progress.step / self.steps
            decay = weight_decay_at(self.recipe, progress.epoch + done)
            self.optimisers.set_rates(rate_at(cycle, in_cycle + done), decay)
            self.run_step(phase, batch)
            self._update_average()
            progress.step += 1
            if self.workers.is_main:
                total = self.steps * len(self.recipe.epochs)
                self.run.listener.progress(self.run.phase, progress.epoch * self.steps + progress.step, total)
            if progress.step % read_every == 0 or progress.step == self.steps:
                self._read_losses()
                if progress.step < self.steps and self._is_due():
                    self._save()
        return waited

    def _read_losses(self) -> None:
        """Waits for the device to add up the losses, and ends the run if it diverged."""
        losses = float(self.workers.mean(self.step.losses.clone()))
        self.step.losses.zero_()
        if not math.isfinite(losses):
            raise self._diverged(f"The loss became {losses}")
        self.progress.losses += losses

    def _diverged(self, what: str) -> TrainingError:
        return TrainingError(
            f"{what} in epoch {self.progress.epoch + 1}; what was saved before is in {self.run.checkpoint}: "
            "remove it and take a lower learning rate, or --precision f32."
        )

    def _take_smaller_batches(self, phase: Phase, error: torch.OutOfMemoryError) -> None:
        """Halves the batch; photos of this epoch that were trained on are not repeated."""
        progress = self.progress
        if self.workers.count > 1 or progress.batch < 4:
            raise out_of_memory(progress.batch, phase.size, self.run.checkpoint) from error
        self.run_step.forget()
        seen = progress.step * progress.batch
        progress.losses *= 2  # a mean over twice as many steps
        progress.batch //= 2
        progress.step = seen // progress.batch
        self.run.listener.note(
            f"The GPU's memory does not hold a step of {2 * progress.batch:,} photos at {phase.size} px; "
            f"training continues with batches of {progress.batch:,}."
        )

    @torch.no_grad()
    def _update_average(self) -> None:
        if self.average is None or self.recipe.average is None:
            return
        steps = self.progress.epoch * self.steps + self.progress.step
        # The decay is lower at first, or the initial weights would count for much in a short run.
        decay = min(self.recipe.average, (1 + steps) / (10 + steps))
        present = self.network.state_dict()
        foreach.lerp_(list(self.average.values()), [present[n] for n in self.average], 1 - decay)

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
        best, by = self.progress.best, self.recipe.select
        if score and (best is None or rank(score, by) < rank(best, by)):
            self.progress.best = score
            self.progress.best_epoch = self.progress.epoch + (1 if self.progress.step else 0)
            if self.best is not None:
                kept = self.average if self.average is not None else self.network.state_dict()
                self.best = {name: value.clone() for name, value in kept.items()}
        return score

    def _stops_early(self) -> bool:
        patience, progress = self.recipe.patience, self.progress
        # At the high rates of the first half the network is often worse than the head that it began with, and
        # what it will be at the low rates cannot be seen.
        since = max(progress.best_epoch, len(self.recipe.epochs) // 2)
        return bool(patience and progress.best and progress.epoch - since >= patience)

    def _ends(self) -> bool:
        return self.progress.epoch == len(self.recipe.epochs) or self._stops_early()

    def _is_due(self) -> bool:
        """Whether a checkpoint is due: one after each short epoch took a seventh of a run on few photos."""
        return time.monotonic() - self.saved > SAVE_EVERY

    def _resumed(self) -> str:
        """Says where a run continues."""
        epoch, total = self.progress.epoch, len(self.recipe.epochs)
        if self._ends():
            return f"Continuing after epoch {epoch} of {total}, the last."
        return f"Continuing at epoch {epoch + 1} of {total}."

    def _save(self) -> None:
        if self.workers.is_main:
            weights = {name: value.detach() for name, value in self.network.state_dict().items()}
            norms = torch.stack(foreach.norm(list(weights.values())))
            if not bool(norms.isfinite().all()):
                raise self._diverged("Weights became infinite or NaN")
            parts = {"weights": weights, "optimiser": self.optimisers.state()}
            parts |= {"average": self.average or {}, "best": self.best or {}}
            tensors = {f"{kind}/{name}": v for kind, part in parts.items() for name, v in part.items()}
            facts = {"settings": dict(self.run.settings), "progress": self.progress.facts()}
            checkpoint.save(self.run.checkpoint, tensors, facts)
        self.saved = time.monotonic()

    def _restore(self) -> None:
        loaded = checkpoint.load(self.run.checkpoint)
        if loaded is None:
            return
        tensors, facts = loaded
        settings.check(self.run.checkpoint, facts.get("settings"), self.run.settings)
        self.progress = Progress.of(facts["progress"])
        self.run.listener.note(self._resumed())
        parts: dict[str, dict[str, Tensor]] = {"weights": {}, "optimiser": {}, "average": {}, "best": {}}
        for name, value in tensors.items():
            kind, rest = name.split("/", 1)
            parts[kind][rest] = value
        self.network.load_state_dict(parts["weights"])
        self.optimisers.restore(parts["optimiser"])
        for kept, values in ((self.average, parts["average"]), (self.best, parts["best"])):
            if kept is not None:
                kept.update({name: value.to(self.workers.device) for name, value in values.items()})


def _epoch_of(facts: dict[str, Any]) -> Epoch:
    """An epoch from its facts in a checkpoint."""
    validation = facts["validation"]
    return Epoch(**{**facts, "validation": Score(**validation) if validation else None})
