"""The optimisers of a recipe: which kernels decay, what is restored, the schedules of the rate."""

from dataclasses import replace

import pytest
import torch
from helpers import runs

from inception_hub.engines.torch import Network
from inception_hub.training.optimisers import Optimisers, rate_at
from inception_hub.training.recipes import AdamW, Cycle, Muon, Phase


@pytest.mark.parametrize("optimiser", [runs.MUON, AdamW(0.05)])
def test_exactly_slims_69_kernels_decay(optimiser: Muon | AdamW) -> None:
    """With gradients of zero only weight decay changes anything, by 1 - rate * decay."""
    network = runs.network()
    before = {name: value.clone() for name, value in network.named_parameters()}
    optimisers = Optimisers(network, replace(runs.RECIPE, optimiser=optimiser))
    optimisers.set_rates(0.1, 0.5)
    for parameter in network.parameters():
        parameter.grad = torch.zeros_like(parameter)
    optimisers.step()
    ratios = {n: value.detach().norm() / before[n].detach().norm() for n, value in network.named_parameters()}
    changed = {name for name, value in network.named_parameters() if not torch.equal(value, before[name])}
    assert changed == {v.name for v in network.architecture.variables.values() if v.regularized}
    assert len(changed) == 69
    head = optimiser.head_learning_rate if isinstance(optimiser, Muon) else 1.0
    for name in changed:
        share = head if "Logits" in name else 1.0
        assert float(ratios[name]) == pytest.approx(1 - 0.1 * share * 0.5, rel=1e-5)


def test_restored_optimisers_step_as_the_first_ones() -> None:
    """Muon and AdamW, given the state of others, step as those do."""
    first, second = runs.network(), runs.network()
    recipe = replace(runs.RECIPE, optimiser=runs.MUON)
    makers = [Optimisers(network, recipe) for network in (first, second)]
    generator = torch.Generator().manual_seed(0)
    gradients = [{n: torch.randn(p.shape, generator=generator) for n, p in first.named_parameters()}] * 2

    def step(network: Network, optimisers: Optimisers, number: int) -> None:
        for name, parameter in network.named_parameters():
            parameter.grad = gradients[number][name].clone()
        optimisers.set_rates(0.01, 0.1)
        optimisers.step()

    step(first, makers[0], 0)
    second.load_state_dict(first.state_dict())
    makers[1].restore({name: value.clone() for name, value in makers[0].state().items()})
    for network, optimisers in zip((first, second), makers, strict=True):
        step(network, optimisers, 1)
    assert runs.digest(first) == runs.digest(second)


def test_rates_warm_up_and_fall_to_zero() -> None:
    phase = Phase(5, 32, runs.AUGMENTATION)
    cycle = Cycle((phase, phase), 2.0, warmup=0.1)
    assert [rate_at(cycle, epoch) for epoch in (0, 0.5, 5, 10)] == pytest.approx([0, 1.0, 1.0, 0], abs=1e-9)
    assert max(rate_at(cycle, epoch / 100) for epoch in range(1000)) < 2.0
    staircase = Cycle((phase,), 0.01, warmup=0.0, decay="staircase")
    rates = [rate_at(staircase, epoch) for epoch in (0, 1.99, 2, 4, 10_000)]
    assert rates == pytest.approx([0.01, 0.01, 0.0094, 0.008836, 0.0001])
