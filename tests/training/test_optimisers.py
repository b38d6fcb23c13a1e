"""Optimisers and schedules against their definitions."""

from dataclasses import replace

import numpy as np
import pytest
import runs
import torch

from inception_hub.training.muon import Muon, orthogonalise
from inception_hub.training.optimisers import optimisers, rate_at, set_rate
from inception_hub.training.recipes import AdamW, Cycle, Phase
from inception_hub.training.rmsprop import RMSProp


@pytest.mark.parametrize("shape", [(64, 16), (16, 64), (32, 32)])
def test_orthogonalised_matrices_have_singular_values_near_one(shape: tuple[int, int]) -> None:
    torch.manual_seed(0)
    values = torch.linalg.svdvals(orthogonalise(torch.randn(shape)))
    assert 0.4 < float(values.min()) and float(values.max()) < 1.4


def test_muon_steps_by_its_rate_and_decays() -> None:
    torch.manual_seed(0)
    kernel = torch.nn.Parameter(torch.zeros(3, 3, 16, 16))
    optimiser = Muon([kernel], lr=0.1, weight_decay=0.5)
    kernel.grad = torch.randn_like(kernel)
    optimiser.step()
    # Orthogonal 144 x 16 times 0.2 * 12: a root mean square of 0.2 per entry of a full-rank step.
    assert float(kernel.detach().square().mean().sqrt()) == pytest.approx(0.1 * 0.2, rel=0.3)
    assert float((kernel.grad * kernel.detach()).sum()) < 0
    with torch.no_grad():
        kernel.fill_(1.0)
        kernel.grad.zero_()
        optimiser.state[kernel]["momentum"].zero_()
    optimiser.step()
    assert float(kernel.detach().mean()) == pytest.approx(1 - 0.1 * 0.5)


def test_rmsprop_is_tensorflows() -> None:
    """tf.train.RMSPropOptimizer's documented update, in NumPy."""
    parameter = torch.nn.Parameter(torch.tensor([1.0, -2.0]))
    optimiser = RMSProp([parameter], 0.01, decay=0.9, momentum=0.9, epsilon=1.0)
    value, square, momentum = np.array([1.0, -2.0]), np.ones(2), np.zeros(2)
    for step in range(5):
        gradient = np.array([0.5, -3.0]) * (step + 1)
        parameter.grad = torch.tensor(gradient, dtype=torch.float32)
        optimiser.step()
        square = 0.9 * square + 0.1 * gradient**2
        momentum = 0.9 * momentum + 0.01 * gradient / np.sqrt(square + 1.0)
        value = value - momentum
    np.testing.assert_allclose(parameter.detach().numpy(), value, rtol=1e-6)


@pytest.mark.parametrize("optimiser", [runs.RECIPE.optimiser, AdamW(0.05)])
def test_exactly_slims_69_kernels_decay(optimiser: object) -> None:
    """With gradients of zero only weight decay changes anything."""
    network = runs.network()
    before = {name: value.clone() for name, value in network.named_parameters()}
    found = optimisers(network, replace(runs.RECIPE, optimiser=optimiser))  # type: ignore[arg-type]
    set_rate(found, 0.1)
    for parameter in network.parameters():
        parameter.grad = torch.zeros_like(parameter)
    for one in found:
        one.step()
    changed = {name for name, value in network.named_parameters() if not torch.equal(value, before[name])}
    assert changed == {v.name for v in network.architecture.variables.values() if v.regularized}
    assert len(changed) == 69


def test_rates_warm_up_and_fall_to_zero() -> None:
    phase = Phase(5, 32, runs.AUGMENTATION)
    cycle = Cycle((phase, phase), 2.0, warmup=0.1)
    assert [rate_at(cycle, epoch) for epoch in (0, 0.5, 5, 10)] == pytest.approx([0, 1.0, 1.0, 0], abs=1e-9)
    assert max(rate_at(cycle, epoch / 100) for epoch in range(1000)) < 2.0
    staircase = Cycle((phase,), 0.01, warmup=0.0, decay="staircase")
    rates = [rate_at(staircase, epoch) for epoch in (0, 1.99, 2, 4, 10_000)]
    assert rates == pytest.approx([0.01, 0.01, 0.0094, 0.008836, 0.0001])
