"""What one may choose when files are converted."""

from typing import Literal

Weights = Literal["raw", "average"]  # of a checkpoint of training: as they are, or averaged over its steps
