"""The figures of a training run after each epoch."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Epoch:
    """The figures of `epoch` (1 is the first) of `phase`.

    `train_loss`, `validation_loss`: means in nats. `validation_top1`: accuracy in [0, 1]. The validation
    figures are None where the epoch was not validated. `waiting`: share of the time spent waiting for data,
    in [0, 1].
    """

    phase: str
    epoch: int
    train_loss: float
    validation_loss: float | None
    validation_top1: float | None
    learning_rate: float
    images_per_second: float
    waiting: float
