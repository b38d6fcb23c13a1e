"""The training loop: statistics, averages, early stopping, and how a run ends by an error."""

import signal
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from helpers import runs
from helpers.runs import RECIPE, tiny_run

from inception_hub.engines.torch import Network
from inception_hub.errors import FormatError, OutputError, TrainingError
from inception_hub.evaluation import Score
from inception_hub.training import loop, step
from inception_hub.training.augmentation import Augmentation
from inception_hub.training.batches import Batch
from inception_hub.training.choices import Select
from inception_hub.training.listener import RunListener
from inception_hub.training.loop import train
from inception_hub.training.recipes import Cycle, Phase
from inception_hub.training.recording import Eager
from inception_hub.training.step import class_weights
from inception_hub.training.workers import Workers

PLAIN = Augmentation()
ONE_EPOCH = replace(RECIPE, cycles=(Cycle((Phase(1, 32, PLAIN),), 1e-3),))


def statistics(network: Network) -> dict[str, torch.Tensor]:
    return {name: value.clone() for name, value in network.named_buffers()}


@pytest.mark.parametrize("policy", ["frozen", "update"])
def test_statistics_move_by_policy_alone(workers: Workers, tmp_path: Path, policy: str) -> None:
    network = runs.network()
    before = statistics(network)
    weights = {name: value.clone() for name, value in network.named_parameters()}
    recipe = replace(RECIPE, batch_norm=policy, cycles=(Cycle((Phase(1, 64, PLAIN),), 1e-3, warmup=0.0),))  # type: ignore[arg-type]
    train(network, tiny_run(tmp_path / "c.safetensors", recipe), workers)
    after = statistics(network)
    moved = {name for name in before if not torch.equal(before[name], after[name])}
    assert moved == (set() if policy == "frozen" else set(before))
    assert all(not torch.equal(weights[name], value) for name, value in network.named_parameters())


def test_momentum_is_the_share_that_stays(workers: Workers, tmp_path: Path) -> None:
    moved = []
    for momentum in (0.99, 0.9):
        network = runs.network()
        before = statistics(network)
        cycle = Cycle((Phase(1, 64, PLAIN),), 0.0)
        recipe = replace(RECIPE, batch_norm_momentum=momentum, batch_size=12, cycles=(cycle,))
        train(network, tiny_run(tmp_path / f"{momentum}.safetensors", recipe), workers)
        name = "InceptionV2/Conv2d_2b_1x1/BatchNorm/moving_mean"
        moved.append(network.get_buffer(name) - before[name])
    assert torch.allclose(moved[1], moved[0] * 10, rtol=1e-3)


def test_momentum_without_batch_statistics_is_refused() -> None:
    with pytest.raises(ValueError, match="give batch_statistics=True"):
        runs.network()(torch.rand(2, 32, 32, 3), momentum=0.9)


def test_the_best_epoch_is_kept_and_patience_ends_a_run(workers: Workers, tmp_path: Path) -> None:
    recipe = replace(RECIPE, batch_size=12, patience=2, cycles=(Cycle((Phase(9, 32, PLAIN),), 1e-3),))
    seen: list[str] = []
    losses = iter([2.0, 1.0, 1.5, 1.2, 1.1, 1.2, 9.0])

    def validate(network: Network) -> Score:
        seen.append(runs.digest(network))
        return Score(next(losses), 0.5, 10)

    network = runs.network()
    history = train(network, tiny_run(tmp_path / "c.safetensors", recipe, validate=validate), workers)
    assert [epoch.validation and epoch.validation.loss for epoch in history] == [
        *(2.0, 1.0, 1.5, 1.2),
        *(1.1, 1.2),  # the two in which a better one was waited for, once half of the nine were over
    ]
    assert runs.digest(network) == seen[1], "after the second epoch"


@pytest.mark.parametrize(("select", "kept"), [("loss", 2), ("accuracy", 3)])
def test_what_is_kept_is_the_lowest_loss_or_the_highest_accuracy(
    workers: Workers, tmp_path: Path, select: Select, kept: int
) -> None:
    cycles = (Cycle((Phase(4, 32, PLAIN),), 1e-3),)
    recipe = replace(RECIPE, batch_size=12, patience=9, select=select, cycles=cycles)
    seen: list[str] = []
    scores = iter([(2.0, 0.6), (1.0, 0.7), (1.5, 0.9), (1.6, 0.9)])

    def validate(network: Network) -> Score:
        seen.append(runs.digest(network))
        return Score(*next(scores), 10)

    network = runs.network()
    history = train(network, tiny_run(tmp_path / "c.safetensors", recipe, validate=validate), workers)
    assert [epoch.epoch for epoch in history if epoch.kept] == [kept]
    assert runs.digest(network) == seen[kept - 1]
    again = train(runs.network(), tiny_run(tmp_path / "c.safetensors", recipe, validate=validate), workers)
    assert again == history, "as the checkpoint has it"


def test_a_run_that_is_resumed_says_where(workers: Workers, tmp_path: Path) -> None:
    """From within an epoch, after the last, and after one that was the last by patience."""
    path, listener = tmp_path / "c.safetensors", Notes()
    train(runs.network(), tiny_run(path, ONE_EPOCH, listener=listener), workers)
    assert listener.notes == []
    train(runs.network(), tiny_run(path, ONE_EPOCH, listener=listener), workers)
    assert listener.notes == ["Continuing after epoch 1 of 1, the last."]
    train(runs.network(), tiny_run(path, listener=listener), workers)
    assert listener.notes[1] == "Continuing at epoch 2 of 2."
    losses = iter([2.0, 3.0])
    recipe = replace(RECIPE, patience=1, cycles=(Cycle((Phase(3, 32, PLAIN),), 1e-3),))
    stopped = tiny_run(
        tmp_path / "d.safetensors",
        recipe,
        validate=lambda network: Score(next(losses), 0.5, 10),
        start=Score(1.0, 0.5, 10),
        listener=listener,
    )
    for _ in range(2):
        train(runs.network(), stopped, workers)
    assert listener.notes[2:] == ["Continuing after epoch 2 of 3, the last."]


def test_without_patience_the_last_epoch_is_kept(workers: Workers, tmp_path: Path) -> None:
    losses = iter([1.0, 2.0])
    run = tiny_run(tmp_path / "c.safetensors", validate=lambda network: Score(next(losses), 0.5, 10))
    history = train(runs.network(), run, workers)
    assert [epoch.kept for epoch in history] == [False, True]


def test_what_a_run_begins_with_may_be_the_best(workers: Workers, tmp_path: Path) -> None:
    recipe = replace(RECIPE, patience=1, cycles=(Cycle((Phase(3, 32, PLAIN),), 1e-3),))
    network = runs.network()
    before = runs.digest(network)
    losses = iter([2.0, 3.0])
    run = tiny_run(
        tmp_path / "c.safetensors",
        recipe,
        validate=lambda network: Score(next(losses), 0.5, 10),
        start=Score(1.0, 0.5, 10),
    )
    history = train(network, run, workers)
    assert len(history) == 2 and not any(epoch.kept for epoch in history)
    assert runs.digest(network) == before


def test_the_average_of_weights_is_kept(workers: Workers, tmp_path: Path) -> None:
    """After step t (from 0) it keeps min(decay, (1 + t) / (10 + t)) of what it was."""
    network, name = runs.network(), "InceptionV2/Logits/Conv2d_1c_1x1/weights"
    expected = network.get_parameter(name).detach().clone()

    class Averaging(RunListener):
        def progress(self, task: str, done: int, total: int) -> None:
            decay = min(0.2, done / (9 + done))
            expected.lerp_(network.get_parameter(name).detach(), 1 - decay)

    recipe = replace(RECIPE, average=0.2)
    train(network, tiny_run(tmp_path / "c.safetensors", recipe, listener=Averaging()), workers)
    assert torch.allclose(network.get_parameter(name), expected, atol=1e-7)
    last = runs.network()
    train(last, tiny_run(tmp_path / "d.safetensors"), workers)
    assert not torch.allclose(last.get_parameter(name), expected, atol=1e-5)


def test_validating_changes_nothing(workers: Workers, tmp_path: Path) -> None:
    """The average is what is validated, and training continues from where it was."""
    recipe, seen = replace(RECIPE, average=0.5), []

    def validate(network: Network) -> Score:
        seen.append(runs.digest(network))
        return Score(1.0, 0.5, 10)

    plain, validated = runs.network(), runs.network()
    train(plain, tiny_run(tmp_path / "c.safetensors", recipe), workers)
    train(validated, tiny_run(tmp_path / "d.safetensors", recipe, validate=validate), workers)
    assert runs.digest(validated) == runs.digest(plain) == seen[-1]
    assert len(set(seen)) == 2


def test_rare_classes_count_more() -> None:
    weights = class_weights(torch.tensor([0, 0, 0, 1]))
    assert weights.tolist() == pytest.approx([2 / 3, 2])


def test_a_loss_that_is_no_number_stops_the_run_and_keeps_what_was_saved(
    workers: Workers, tmp_path: Path
) -> None:
    path = tmp_path / "c.safetensors"
    train(runs.network(), tiny_run(path, ONE_EPOCH), workers)
    saved = path.read_bytes()
    diverging = replace(RECIPE, cycles=(Cycle((Phase(2, 32, PLAIN),), 1e30, warmup=0.0),))
    with pytest.raises(TrainingError, match="The loss became (nan|inf) in epoch 2.*lower learning rate"):
        train(runs.network(), tiny_run(path, diverging), workers)
    assert path.read_bytes() == saved


class SmallMemory(Eager):
    """A device that holds a step of four photos."""

    def __call__(self, phase: Phase, batch: Batch) -> None:
        if len(batch.samples) > 4:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")
        super().__call__(phase, batch)


class Notes(RunListener):
    def __init__(self) -> None:
        self.notes: list[str] = []

    def note(self, message: str) -> None:
        self.notes.append(message)


def test_a_batch_that_does_not_fit_is_halved(
    workers: Workers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe, small, expected, listener = (
        replace(ONE_EPOCH, batch_size=4),
        runs.network(),
        runs.network(),
        Notes(),
    )
    photos = runs.photos(16)
    train(expected, tiny_run(tmp_path / "four.safetensors", recipe, photos=photos), workers)
    monkeypatch.setattr(loop, "Eager", SmallMemory)
    recipe = replace(recipe, batch_size=16)
    run = tiny_run(tmp_path / "sixteen.safetensors", recipe, photos=photos, listener=listener)
    (epoch,) = train(small, run, workers)
    assert runs.digest(small) == runs.digest(expected)
    assert listener.notes == [
        "The GPU's memory does not hold a step of 16 photos at 32 px; training continues with batches of 8.",
        "The GPU's memory does not hold a step of 8 photos at 32 px; training continues with batches of 4.",
    ]
    resumed = runs.network()
    assert train(resumed, run, workers) == [epoch]
    assert runs.digest(resumed) == runs.digest(expected)


def test_weights_that_became_infinite_are_not_saved(
    workers: Workers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The step's loss was still a number; the next one's would not be."""

    class Exploding(Eager):
        def __call__(self, phase: Phase, batch: Batch) -> None:
            super().__call__(phase, batch)
            with torch.no_grad():
                next(network.parameters()).fill_(torch.inf)

    monkeypatch.setattr(loop, "Eager", Exploding)
    monkeypatch.setattr(loop, "SAVE_EVERY", 0.0)
    network, path = runs.network(), tmp_path / "c.safetensors"
    with pytest.raises(TrainingError, match="Weights became infinite or NaN in epoch 1"):
        train(network, tiny_run(path), workers)
    assert not path.exists()


@pytest.mark.parametrize(
    ("every", "saved"), [(loop.SAVE_EVERY, [(2, 0)]), (0.0, [(0, 1), (1, 0), (1, 1), (2, 0)])]
)
def test_a_run_is_saved_every_so_often_and_at_its_end(
    workers: Workers,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    every: float,
    saved: list[tuple[int, int]],
) -> None:
    """Not after every epoch, which would take long where epochs are short."""
    found: list[tuple[int, int]] = []

    def note(path: Path, tensors: dict[str, torch.Tensor], facts: dict[str, Any]) -> None:
        found.append((facts["progress"]["epoch"], facts["progress"]["step"]))

    monkeypatch.setattr(loop, "SAVE_EVERY", every)
    monkeypatch.setattr(loop.checkpoint, "save", note)
    recipe = replace(RECIPE, batch_size=6, cycles=(Cycle((Phase(2, 32, PLAIN),), 1e-3),))
    train(runs.network(), tiny_run(tmp_path / "c.safetensors", recipe), workers)
    assert found == saved


def test_checkpoints_of_other_runs_and_damaged_ones_are_refused(workers: Workers, tmp_path: Path) -> None:
    path = tmp_path / "c.safetensors"
    train(runs.network(), tiny_run(path), workers)
    with pytest.raises(FormatError, match="was begun with --seed 0, not 1; give what it was begun with"):
        train(runs.network(), tiny_run(path, settings={"--seed": 1}), workers)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(FormatError, match="is damaged .*remove it to begin anew"):
        train(runs.network(), tiny_run(path), workers)


def test_a_full_disk_is_an_error_that_loses_nothing(workers: Workers, tmp_path: Path) -> None:
    import resource

    path = tmp_path / "c.safetensors"
    train(runs.network(), tiny_run(path, ONE_EPOCH), workers)
    saved = path.read_bytes()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    previous = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limits[1]))
        with pytest.raises(OutputError, match="cannot be written.*make room and run the same command again"):
            train(runs.network(), tiny_run(path), workers)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, previous)
    assert path.read_bytes() == saved and [file.name for file in tmp_path.iterdir()] == [path.name]


def test_steps_are_exact_whatever_the_callers_flags(
    workers: Workers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Distortions too, whose coordinates are a matrix product."""
    seen: list[str] = []

    def distort(*given: object) -> torch.Tensor:
        seen.append(torch.get_float32_matmul_precision())
        return original(*given)  # type: ignore[arg-type]

    original = step.distort
    monkeypatch.setattr(step, "distort", distort)
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("medium")
    try:
        train(runs.network(), tiny_run(tmp_path / "c.safetensors", ONE_EPOCH), workers)
        assert torch.get_float32_matmul_precision() == "medium"
    finally:
        torch.set_float32_matmul_precision(before)
    assert seen == ["highest"] * 3
