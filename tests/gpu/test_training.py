"""The training loop on a GPU: the CPU's run, whichever way its steps are run; what becomes of full memory."""

import math
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from helpers import runs
from helpers.runs import ADAM, MUON, RECIPE, tiny_run

from inception_hub.engines.torch import Network
from inception_hub.evaluation import Epoch
from inception_hub.training import batches, loop, muon, step
from inception_hub.training.augmentation import Augmentation
from inception_hub.training.distortions import distort
from inception_hub.training.listener import RunListener
from inception_hub.training.optimisers import Optimisers
from inception_hub.training.randomness import Draws, permutation
from inception_hub.training.recipes import AdamW, Cycle, Muon, Phase, Recipe, RMSProp
from inception_hub.training.recording import Eager
from inception_hub.training.workers import Workers

pytestmark = pytest.mark.gpu
STEM = "InceptionV2/Conv2d_1a_7x7"
PLAIN = Augmentation()
EVERYTHING = Augmentation(0.5, rotation=30, shear=0.2, sharpness=1.0, colour=0.3, cutmix=0.4, mixup=0.4)
# An epoch of three steps of four photos. Not by AdamW, as PyTorch's for CUDA takes its rate in float32 alone.
MIXED = replace(RECIPE, optimiser=RMSProp(0.9, 0.9, 1.0), cycles=(Cycle((Phase(2, 32, EVERYTHING),), 1e-3),))


def trained(
    checkpoint: Path, device: str, recipe: Recipe, network: Network | None = None, **changes: object
) -> tuple[list[Epoch], Network]:
    """A run in float64, where any difference but rounding shows."""
    network = network or runs.network().double()
    return loop.train(network, tiny_run(checkpoint, recipe, **changes), Workers(device)), network


def losses(epochs: list[Epoch]) -> list[float]:
    return [epoch.train_loss for epoch in epochs]


def test_draws_and_orders_are_the_cpu_s(device: str) -> None:
    for seed, epoch in ((0, 0), (7, 3), (-1, 2**20)):
        samples = permutation(seed, epoch, 1000)
        draws = [
            Draws(seed, torch.tensor(epoch, device=place)).uniform("crop", samples.to(place), 5).cpu()
            for place in ("cpu", device)
        ]
        assert torch.equal(draws[0], draws[1])


def test_distortions_are_the_cpu_s(device: str) -> None:
    photos = runs.photos(32)
    samples, epoch = torch.arange(32), torch.tensor(3)
    images = [
        distort(
            photos.images.to(place),
            photos.aspects.to(place),
            samples.to(place),
            48,
            EVERYTHING,
            Draws(1, epoch.to(place)),
        ).cpu()
        for place in ("cpu", device)
    ]
    assert (images[0] - images[1]).abs().max() < 1e-4


def test_in_float64_it_is_the_same_loop_as_on_the_cpu(
    device: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Five steps, each an epoch. Distortions are float32 and held above, so here photos are as they are."""

    def undistorted(images: torch.Tensor, *others: object) -> torch.Tensor:
        return images.double() / 255

    monkeypatch.setattr(step, "distort", undistorted)
    recipe = replace(MIXED, cycles=(Cycle((Phase(5, 40, PLAIN),), 5e-3),), batch_size=12)
    expected, on_cpu = trained(tmp_path / "cpu", "cpu", recipe)
    epochs, on_gpu = trained(tmp_path / "gpu", device, recipe)
    assert losses(epochs) == pytest.approx(losses(expected), rel=0, abs=1e-9)
    assert losses(epochs)[4] < losses(epochs)[0] - 0.1
    state = on_cpu.state_dict()
    assert all(torch.allclose(v.cpu(), state[n], rtol=0, atol=1e-6) for n, v in on_gpu.state_dict().items())


class Interrupted(Exception):
    pass


class Interrupting(RunListener):
    def progress(self, task: str, done: int, total: int) -> None:
        if done == 5:
            raise Interrupted


def resumed(checkpoint: Path, device: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "SAVE_EVERY", 0.0)
    monkeypatch.setattr(loop, "READ_EVERY", {"cpu": 1, "cuda": 1})
    with pytest.raises(Interrupted):
        trained(checkpoint, device, MIXED, listener=Interrupting())


def streamed(checkpoint: Path, device: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "RESIDENT_SHARE", 0.0)


def unrecorded(checkpoint: Path, device: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "Recorded", lambda step, changed: Eager(step))


@pytest.mark.parametrize("otherwise", [resumed, streamed, unrecorded])
def test_the_run_is_the_same(
    device: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    otherwise: Callable[[Path, str, pytest.MonkeyPatch], None],
    record_property: Callable[[str, object], None],
) -> None:
    """Interrupted and resumed within an epoch; photos streamed; steps not recorded: two epochs.

    To the bit if the GPU's kernels are deterministic, as far as rounding goes otherwise; the log says which.
    """
    expected, whole = trained(tmp_path / "whole", device, MIXED)
    otherwise(tmp_path / "other", device, monkeypatch)
    epochs, other = trained(tmp_path / "other", device, MIXED, network=runs.network(seed=0).double())
    assert losses(epochs) == pytest.approx(losses(expected), rel=0, abs=1e-9)
    same = all(torch.equal(v, other.state_dict()[n]) for n, v in whole.state_dict().items())
    record_property("to the bit", same)


@pytest.mark.parametrize(
    "optimiser", [ADAM, MUON, RMSProp(0.9, 0.9, 1.0)], ids=lambda each: type(each).__name__
)
def test_optimisers_step_as_on_the_cpu(
    device: str, optimiser: AdamW | Muon | RMSProp, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the same random gradients, three times; Muon's directions are computed in bfloat16 on both."""
    monkeypatch.setattr(muon, "has_bfloat16", lambda device: True)
    moved = []
    for place in ("cpu", device):
        network = runs.network().to(place)
        optimisers, generator = Optimisers(network, replace(RECIPE, optimiser=optimiser)), torch.Generator()
        optimisers.set_rates(2e-3, 0.1)
        for _ in range(3):
            for parameter in network.parameters():
                parameter.grad = torch.randn(parameter.shape, generator=generator).to(place)
            optimisers.step()
        moved.append(
            {n: p.detach().cpu() - runs.network().get_parameter(n) for n, p in network.named_parameters()}
        )
    for name, expected in moved[0].items():
        tolerance = 3e-2 if optimiser is MUON else 1e-4
        assert (moved[1][name] - expected).norm() <= tolerance * expected.norm(), name


@pytest.mark.parametrize("policy", ["frozen", "update"])
def test_statistics_move_by_policy_alone(device: str, tmp_path: Path, policy: str) -> None:
    network = runs.network()
    before = {name: value.clone() for name, value in network.named_buffers()}
    cycle = Cycle((Phase(1, 64, PLAIN),), 1e-3, warmup=0.0)
    recipe = replace(RECIPE, optimiser=MUON, batch_norm=policy, cycles=(cycle,))  # type: ignore[arg-type]
    trained(tmp_path / "checkpoint", device, recipe, network)
    moved = {name for name, value in network.named_buffers() if not torch.equal(value.cpu(), before[name])}
    assert moved == (set() if policy == "frozen" else set(before))


def test_mixed_precision_learns(device: str, tmp_path: Path) -> None:
    recipe = replace(RECIPE, optimiser=MUON, cycles=(Cycle((Phase(20, 32, PLAIN),), 4e-3),), batch_size=12)
    epochs, network = trained(tmp_path / "c", device, recipe, runs.network(), bfloat16=True)
    assert all(math.isfinite(loss) for loss in losses(epochs))
    assert losses(epochs)[-1] < losses(epochs)[0] - 0.3
    assert {value.dtype for value in network.state_dict().values()} == {torch.float32}


def test_the_stem_in_bfloat16_is_the_stem(device: str) -> None:
    """Its map and its variables' gradients, although it is computed over squares of pixels on a GPU."""
    network, generator = runs.network().to(device), torch.Generator().manual_seed(0)
    images = torch.rand(8, 65, 94, 3, generator=generator).to(device)
    direction = torch.randn(
        8, 33, 47, next(iter(network.architecture.layers)).out_channels, generator=generator
    )
    found: list[list[torch.Tensor]] = []
    for bfloat16 in (False, True):
        network.zero_grad()
        with torch.autocast(device, torch.bfloat16, enabled=bfloat16):
            stem = network(images, batch_statistics=True, endpoints=[STEM])[STEM].float()
        (stem * direction.to(device)).sum().backward()
        gradients = [
            p.grad.clone() for n, p in network.named_parameters() if STEM in n and p.grad is not None
        ]
        found.append([stem.detach(), *gradients])
    assert len(found[0]) == 4
    for exact, half in zip(*found, strict=True):
        assert (half - exact).norm() <= 0.1 * exact.norm()  # pixels in another order would give all of it


class Notes(RunListener):
    def __init__(self) -> None:
        self.notes: list[str] = []

    def note(self, message: str) -> None:
        self.notes.append(message)


def test_full_memory_takes_smaller_batches(
    device: str, tmp_path: Path, room_for: Callable[[int], AbstractContextManager[None]]
) -> None:
    recipe = replace(RECIPE, optimiser=MUON, cycles=(Cycle((Phase(1, 64, PLAIN),), 1e-3),), batch_size=4096)
    listener = Notes()
    with room_for(1024):
        epochs, _ = trained(
            tmp_path / "c", device, recipe, runs.network(), photos=runs.photos(4096, 64), listener=listener
        )
    assert len(epochs) == 1 and math.isfinite(epochs[0].train_loss)
    assert any("memory does not hold a step of 4,096 photos at 64 px" in note for note in listener.notes)
