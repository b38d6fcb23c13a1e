"""Failures of a device: which errors become `TrainingError`, and what the message says."""

from pathlib import Path

import pytest
import torch

from inception_hub.errors import TrainingError
from inception_hub.training.failures import device_failures, out_of_memory

CHECKPOINT = Path("run") / "checkpoint.safetensors"


@pytest.mark.parametrize(
    "error, beginning",
    [
        (
            torch.OutOfMemoryError("CUDA out of memory.\nMore"),
            "The GPU's memory is full (CUDA out of memory);",
        ),
        (RuntimeError("CUDA error: lost\nHint"), "The GPU failed (CUDA error: lost);"),
        (RuntimeError("cuDNN error: EXECUTION_FAILED"), "The GPU failed (cuDNN error: EXECUTION_FAILED);"),
        (RuntimeError("NCCL error in: x.cpp"), "The GPU failed (NCCL error in: x.cpp);"),
        (torch.OutOfMemoryError(""), "The GPU's memory is full (OutOfMemoryError);"),
    ],
)
def test_a_failure_of_the_device_is_one_line(error: Exception, beginning: str) -> None:
    with pytest.raises(TrainingError) as raised, device_failures(CHECKPOINT):
        raise error
    message = str(raised.value)
    assert message.startswith(beginning) and str(CHECKPOINT) in message and "\n" not in message
    assert raised.value.__cause__ is error


@pytest.mark.parametrize("error", [RuntimeError("a fault of ours"), ValueError("CUDA error")])
def test_other_errors_pass(error: Exception) -> None:
    with pytest.raises(type(error)) as raised, device_failures(CHECKPOINT):
        raise error
    assert raised.value is error


def test_a_batch_that_does_not_fit_names_its_size() -> None:
    message = str(out_of_memory(1024, 96, CHECKPOINT))
    assert message.startswith(
        "The GPU's memory does not hold a step of 1,024 photos at 96 px; give a smaller"
    )
    assert str(CHECKPOINT) in message
