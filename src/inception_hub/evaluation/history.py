"""The figures of a training run: after each epoch, and of the states of the network that it chose among."""

from dataclasses import dataclass

from .intervals import Interval, wilson


@dataclass(frozen=True)
class Score:
    """The mean loss (nats) and top-1 (in [0, 1]) of a network on the `photos` of the validation set."""

    loss: float
    top1: float
    photos: int

    def __str__(self) -> str:
        return f"validation loss {self.loss:.3f}, top-1 {self.top1:.1%} ({self.interval})"

    @property
    def interval(self) -> Interval:
        """The 95% interval of top-1."""
        return wilson(round(self.top1 * self.photos), self.photos)


@dataclass(frozen=True)
class Epoch:
    """The figures of `epoch` (1 is the first) of `phase`.

    `train_loss`: a mean in nats. `validation`: None where the epoch was not validated. `waiting`: share of
    the time spent waiting for data, in [0, 1]. `kept`: whether the run kept the weights of this epoch.
    """

    phase: str
    epoch: int
    train_loss: float
    validation: Score | None
    learning_rate: float
    images_per_second: float
    waiting: float
    kept: bool = False


@dataclass(frozen=True)
class Candidate:
    """A state of the network that a run could keep, such as "head" or "whole network, epoch 9".

    `epoch`: 0 is before the first.
    """

    name: str
    epoch: int
    score: Score
    kept: bool


@dataclass(frozen=True)
class Selection:
    """Which weights a run kept, and why, in a sentence or more; and the best candidates, in their order."""

    reason: str
    candidates: tuple[Candidate, ...] = ()

    @property
    def start(self) -> Candidate | None:
        """The network before the first epoch; None where it was not validated."""
        return next((each for each in self.candidates if each.epoch == 0), None)
