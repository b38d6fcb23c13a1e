"""Failures of a device: which errors become `TrainingError`, and what the message says."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from helpers import runs
from helpers.runs import RECIPE, tiny_run

from inception_hub.errors import TrainingError
from inception_hub.training import loop
from inception_hub.training.augmentation import Augmentation
from inception_hub.training.batches import Batch
from inception_hub.training.failures import device_failures, out_of_memory
from inception_hub.training.loop import train
from inception_hub.training.recipes import Cycle, Phase
from inception_hub.training.recording import Eager
from inception_hub.training.workers import Workers

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


PLAIN = Augmentation()


ONE_EPOCH = replace(RECIPE, cycles=(Cycle((Phase(1, 32, PLAIN),), 1e-3),))


@pytest.mark.parametrize(
    "error, sentence",
    [
        (torch.OutOfMemoryError("CUDA out of memory.\nMore"), r"does not hold a step of 2 photos at 32 px"),
        (
            RuntimeError("CUDA error: unspecified launch failure\nHint"),
            r"GPU failed \(CUDA error: unspec.*re\)",
        ),
    ],
    ids=["out of memory", "device lost"],
)
def test_a_failure_of_the_device_ends_in_a_sentence(
    workers: Workers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, sentence: str
) -> None:
    path = tmp_path / "c.safetensors"
    train(runs.network(), tiny_run(path, ONE_EPOCH), workers)
    saved = path.read_bytes()

    class Failing(Eager):
        def __call__(self, phase: Phase, batch: Batch) -> None:
            raise error

    monkeypatch.setattr(loop, "Eager", Failing)
    two = replace(ONE_EPOCH, cycles=RECIPE.cycles)
    with pytest.raises(TrainingError, match=sentence) as raised:
        train(runs.network(), tiny_run(path, two), workers)
    assert str(path) in str(raised.value)
    assert path.read_bytes() == saved


def test_other_errors_are_not_taken_for_the_device(
    workers: Workers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Failing(Eager):
        def __call__(self, phase: Phase, batch: Batch) -> None:
            raise RuntimeError("a fault of ours")

    monkeypatch.setattr(loop, "Eager", Failing)
    with pytest.raises(RuntimeError, match="^a fault of ours$"):
        train(runs.network(), tiny_run(tmp_path / "c.safetensors"), workers)
