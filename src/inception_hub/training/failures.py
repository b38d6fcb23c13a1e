"""Failures of a GPU during training, turned into errors with a message for the user."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch

from ..errors import TrainingError

# In messages of CUDA, its libraries, and the transport between GPUs.
MARKS = ("CUDA error", "cuDNN error", "CUBLAS_STATUS", "NCCL error")


@contextmanager
def device_failures(checkpoint: Path) -> Iterator[None]:
    """Raises `TrainingError` for what PyTorch raises when a GPU fails or its memory is full."""
    try:
        yield
    except torch.OutOfMemoryError as error:
        raise TrainingError(
            f"The GPU's memory is full ({_first_line(error)}); what was saved is in {checkpoint}: end what "
            "else runs on the GPU and give the same command again, or a smaller batch size."
        ) from error
    except RuntimeError as error:
        if not any(mark in str(error) for mark in MARKS):
            raise
        raise TrainingError(
            f"The GPU failed ({_first_line(error)}); what was saved is in {checkpoint}: once the GPU answers "
            "again, the same command continues from there."
        ) from error


def out_of_memory(batch: int, size: int, checkpoint: Path) -> TrainingError:
    """The error for a batch that does not fit and cannot be made smaller."""
    return TrainingError(
        f"The GPU's memory does not hold a step of {batch:,} photos at {size} px; give a smaller batch size "
        f"or image size. What was saved is in {checkpoint}."
    )


def _first_line(error: BaseException) -> str:
    return str(error).strip().splitlines()[0].rstrip(".") if str(error).strip() else type(error).__name__
