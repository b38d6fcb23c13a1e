"""The training loop interrupted and resumed, or in two processes: the same run to the bit, or to rounding."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from helpers import runs
from helpers.runs import RECIPE, tiny_run

from inception_hub.evaluation import Epoch
from inception_hub.training import checkpoint, loop
from inception_hub.training.listener import RunListener
from inception_hub.training.loop import train
from inception_hub.training.recipes import Recipe
from inception_hub.training.workers import Workers

PROGRAM = Path(runs.__file__)
MUON = replace(RECIPE, optimiser=runs.MUON)
AVERAGING = replace(RECIPE, average=0.9)


class Interrupted(Exception):
    pass


class Interrupting(RunListener):
    """Raises after so many steps."""

    def __init__(self, steps: int) -> None:
        self.steps = steps

    def progress(self, task: str, done: int, total: int) -> None:
        if done == self.steps:
            raise Interrupted


class Epochs(RunListener):
    """Keeps the epochs that were trained, and notes."""

    def __init__(self) -> None:
        self.epochs: list[Epoch] = []
        self.notes: list[str] = []

    def note(self, message: str) -> None:
        self.notes.append(message)

    def epoch(self, epoch: Epoch) -> None:
        self.epochs.append(epoch)


@pytest.fixture(scope="module")
def uninterrupted(
    workers: Workers, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[Recipe], tuple[str, list[float]]]:
    """A digest of the weights, and the losses, of a run of this recipe from beginning to end."""

    @cache
    def whole(recipe: Recipe) -> tuple[str, list[float]]:
        network = runs.network()
        epochs = train(network, tiny_run(tmp_path_factory.mktemp("whole") / "checkpoint", recipe), workers)
        return runs.digest(network), [epoch.train_loss for epoch in epochs]

    return whole


@pytest.mark.parametrize(
    "recipe, steps",
    [*((RECIPE, steps) for steps in (2, 3, 4, 6)), (AVERAGING, 3), (AVERAGING, 4), (MUON, 4)],
    ids=["last2", "last3", "last4", "last6", "average3", "average4", "muon4"],  # three steps an epoch
)
def test_interrupted_training_ends_as_if_it_had_not_been(
    workers: Workers,
    uninterrupted: Callable[[Recipe], tuple[str, list[float]]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    recipe: Recipe,
    steps: int,
) -> None:
    monkeypatch.setattr(loop, "SAVE_EVERY", 0.0)
    path = tmp_path / "half.safetensors"
    with pytest.raises(Interrupted):
        train(runs.network(), tiny_run(path, recipe, listener=Interrupting(steps)), workers)
    resumed = runs.network(seed=7)  # its initial weights no longer matter
    epochs = train(resumed, tiny_run(path, recipe), workers)
    assert (runs.digest(resumed), [epoch.train_loss for epoch in epochs]) == uninterrupted(recipe)


def test_a_checkpoint_that_holds_the_first_score_is_continued(
    workers: Workers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As checkpoints once did."""
    monkeypatch.setattr(loop, "SAVE_EVERY", 0.0)
    path = tmp_path / "former.safetensors"
    with pytest.raises(Interrupted):
        train(runs.network(), tiny_run(path, RECIPE, listener=Interrupting(4)), workers)
    kept = checkpoint.load(path)
    assert kept is not None
    tensors, facts = kept
    facts["progress"]["start"] = {"loss": 1.0, "top1": 0.5, "images": 10}
    checkpoint.save(path, tensors, facts)
    assert len(train(runs.network(), tiny_run(path, RECIPE), workers)) == 2


def test_killed_training_ends_as_if_it_had_not_been(workers: Workers, tmp_path: Path) -> None:
    path, case = tmp_path / "killed.safetensors", runs.CASES["killed"]
    command = [sys.executable, str(PROGRAM), str(path), "killed"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        before = [json.loads(process.stdout.readline()) for _ in range(3)]
        process.send_signal(signal.SIGKILL)
    listener = Epochs()
    resumed = runs.run_case(path, case, workers, listener)
    assert 0 < len(listener.epochs) <= case.epochs - 3, "it was resumed, not begun anew"
    assert listener.notes == [f"Continuing at epoch {listener.epochs[0].epoch} of {case.epochs}."]
    assert resumed[:3] == before
    assert resumed == runs.run_case(tmp_path / "whole.safetensors", case, workers)


@pytest.mark.parametrize(
    "name, bound",
    [
        ("float64", 1e-9),  # in make test without `torchrun`, which imports PyTorch in three processes
        pytest.param("float64, long", 1e-9, marks=pytest.mark.slow),
        pytest.param("float32", 1e-3, marks=pytest.mark.slow),
    ],
)
def test_two_processes_compute_what_one_does(
    workers: Workers, tmp_path: Path, name: str, bound: float
) -> None:
    """Batch statistics over both processes, dropout, crops and CutMix by sample: 8 or 50 steps over gloo.

    In float64 any difference but rounding would show. In float32 rounding now and then turns a ReLU on or
    off, which all later layers amplify; a small rate keeps that small.
    """
    steps = runs.CASES[name].epochs
    alone = runs.run_case(tmp_path / "one.safetensors", runs.CASES[name], workers)
    together = run_program(tmp_path / "two.safetensors", name)
    assert len(alone) == len(together) == steps + 1
    differences = [abs(a - b) for a, b in zip(alone[:steps], together[:steps], strict=True)]
    assert max(differences) < bound
    assert min(alone[-11:-1]) < alone[0] - 0.5, "it learned, so there was something to agree on"


def run_program(path: Path, case: str) -> list[Any]:
    """What two processes print: forked ones of the short run, else those of `torchrun`."""
    forked = case == "float64" and hasattr(os, "fork")
    launcher = () if forked else ("-m", "torch.distributed.run", "--nproc-per-node=2", "--standalone")
    command = [sys.executable, *launcher, str(PROGRAM), str(path), case, *(["--forked"] if forked else [])]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr[-2000:]
    return [json.loads(line) for line in ended.stdout.splitlines()]
