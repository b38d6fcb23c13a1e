"""The training loop against `reference`: one step, then five, of every optimiser, loss and regulariser."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from helpers import reference, runs

from inception_hub.training.augmentation import Augmentation
from inception_hub.training.loop import train
from inception_hub.training.optimisers import Optimisers
from inception_hub.training.recipes import AdamW, Cycle, Muon, Phase, Recipe, RMSProp
from inception_hub.training.training_data import Photos
from inception_hub.training.workers import Workers

PLAIN = Augmentation(min_area=0.6)
ADAMW, MUON = AdamW(weight_decay=0.3), Muon(head_learning_rate=0.5, weight_decay=0.3)
BASE = replace(
    runs.RECIPE,
    cycles=(Cycle((Phase(1, 32, PLAIN),), 5e-4, warmup=0.0),),
    optimiser=ADAMW,
    label_smoothing=0.0,
    dropout=False,
    batch_size=4,
)


def mixing(**shares: float) -> Recipe:
    how = replace(PLAIN, **shares)  # type: ignore[arg-type]
    return replace(BASE, cycles=(replace(BASE.cycles[0], phases=(Phase(1, 32, how),)),))


RECIPES = {
    "AdamW": BASE,
    "RMSProp and Slim's regularisation": replace(BASE, optimiser=RMSProp(0.9, 0.9, 1.0)),
    "label smoothing": replace(BASE, label_smoothing=0.2),
    "dropout": replace(BASE, dropout=True),
    "CutMix": mixing(cutmix=0.8),
    "mixup": mixing(mixup=0.8),
    "CutMix and label smoothing": replace(mixing(cutmix=0.8), label_smoothing=0.2),
    "class weights": replace(BASE, class_weights=True, label_smoothing=0.1),
    "frozen statistics": replace(BASE, batch_norm="frozen"),
    "momentum of statistics": replace(BASE, batch_norm_momentum=0.7),
    "weight decay's end": replace(BASE, weight_decay_end=0.9),
}
ONE_STEP_TELLS = ("label smoothing", "CutMix and label smoothing", "frozen statistics")  # without a memory


@pytest.mark.parametrize(
    "name, steps",
    [*((name, 1) for name in RECIPES), *((name, 5) for name in RECIPES if name not in ONE_STEP_TELLS)],
)
def test_steps_as_the_formulas_say(workers: Workers, tmp_path: Path, name: str, steps: int) -> None:
    recipe, photos = RECIPES[name], unbalanced(4 * steps)
    expected = reference.train(runs.network().double(), recipe, photos, seed=5)
    network = runs.network().double()
    run = runs.tiny_run(tmp_path / "c.safetensors", recipe, photos=photos, seed=5)
    (epoch,) = train(network, run, workers)
    # Rounding grows tenfold and more from step to step in a network from scratch; a wrong formula is far off.
    bound = 1e-6 if steps == 1 else 1e-3
    assert epoch.train_loss == pytest.approx(np.mean(expected.losses), rel=bound)
    before = runs.network().state_dict()
    for variable, value in network.state_dict().items():
        moved = expected.weights[variable] - before[variable].double().numpy()
        error = np.linalg.norm(value.numpy() - expected.weights[variable])
        assert error <= bound * np.linalg.norm(moved) + 1e-12, variable


@pytest.mark.parametrize("steps", [1, 5])
def test_muon_steps_as_the_formulas_say(steps: int) -> None:
    """By random gradients: those of four photos have few singular values, the rest is bfloat16's noise."""
    recipe, network = replace(BASE, optimiser=MUON), runs.network().double()
    weights = {name: value.detach().numpy().copy() for name, value in network.named_parameters()}
    before = {name: value.copy() for name, value in weights.items()}
    memory: dict[str, dict[str, reference.Array]] = {name: {} for name in weights}
    optimisers, generator = Optimisers(network, recipe), np.random.default_rng(0)
    for step in range(1, steps + 1):
        for name, parameter in network.named_parameters():
            gradient = generator.normal(size=parameter.shape) * step
            parameter.grad = torch.from_numpy(gradient)
            reference.update(network, recipe, weights, memory[name], name, gradient, 0.01 * step, 0.3, step)
        optimisers.set_rates(0.01 * step, 0.3)
        optimisers.step()
    for name, parameter in network.named_parameters():
        expected, moved = weights[name] - before[name], parameter.detach().numpy() - before[name]
        kernel = network.architecture.variables[name].regularized and "Logits" not in name
        bound = 0.05 if kernel else 1e-6  # orthogonalised in bfloat16
        assert np.linalg.norm(moved - expected) < bound * np.linalg.norm(expected), name


@pytest.mark.parametrize("decay", [0.15, 0.9])
def test_the_average_of_weights_follows_them(workers: Workers, tmp_path: Path, decay: float) -> None:
    """Each step keeps min(decay, (1 + t) / (10 + t)) of it, t counting from zero."""
    recipe, photos = replace(BASE, average=decay), unbalanced(20)
    expected = reference.train(runs.network().double(), recipe, photos, seed=5)
    network = runs.network().double()
    train(network, runs.tiny_run(tmp_path / "c.safetensors", recipe, photos=photos, seed=5), workers)
    for name, value in network.state_dict().items():
        np.testing.assert_allclose(value.numpy(), expected.average[name], rtol=1e-4, atol=1e-6)


def unbalanced(count: int) -> Photos:
    """Photos of three classes, the first as frequent as the others together."""
    photos = runs.photos(count, 40)
    return replace(photos, classes=torch.tensor([0, 1, 0, 2] * (count // 4)))
