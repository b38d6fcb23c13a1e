"""Choices that the command line offers too; it imports them without the rest of training."""

from typing import Literal

Phases = Literal["both", "head", "full"]  # of fine-tuning: a new head, then the whole network
BatchNorm = Literal["update", "frozen"]  # normalise by the batch and move the statistics; or by them, unmoved
TrainingPrecision = Literal["f32", "bf16"]  # bf16 is mixed precision
