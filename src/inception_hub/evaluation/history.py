"""What a training run tells of itself after each epoch."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Epoch:
    """One row of the curves: `epoch` of `phase`, with mean losses in nats, top-1 and `waiting` in [0, 1].

    None where nothing was validated. `waiting` is the share of time spent waiting for data.
    """

    phase: str
    epoch: int
    train_loss: float
    validation_loss: float | None
    validation_top1: float | None
    learning_rate: float
    images_per_second: float
    waiting: float
