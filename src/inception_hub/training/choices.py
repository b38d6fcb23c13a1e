"""Choices that the command line offers too; it imports them without the rest of training."""

from typing import Literal

from ..images.presets import Preset

Phases = Literal["both", "head", "full"]  # of fine-tuning: a new head, then the whole network
Select = Literal["loss", "accuracy"]  # by which figure of validation a run chooses what it keeps
Resize = Literal[Preset, "auto"]  # of fine-tuning: a preset, or the best of several on the validation photos
BatchNorm = Literal["update", "frozen"]  # normalise by the batch and move the statistics; or by them, unmoved
TrainingPrecision = Literal["f32", "bf16"]  # bf16 is mixed precision
TRACKERS = ("wandb", "mlflow", "trackio")  # of experiments, beside the files that TensorBoard reads
