"""Random numbers: evenly spread, and a function of seed, epoch, use and sample alone."""

import pytest
import torch

from inception_hub.training.randomness import Draws, permutation


def draws(seed: int = 0, epoch: int = 0) -> Draws:
    return Draws(seed, torch.tensor(epoch))


@pytest.mark.parametrize("use", ["crop", "dropout"])
def test_random_numbers_are_even_and_unrelated(use: str) -> None:
    numbers = draws(3, 1).uniform(use, torch.arange(4096), 8)
    assert numbers.shape == (4096, 8) and numbers.dtype == torch.float32
    assert 0 <= float(numbers.min()) and float(numbers.max()) < 1
    histogram = torch.histc(numbers, 16, 0, 1) / numbers.numel() * 16
    assert float((histogram - 1).abs().max()) < 0.09  # four standard deviations
    assert float(torch.corrcoef(numbers.T).fill_diagonal_(0).abs().max()) < 0.06
    rows = numbers[:, 0]
    assert abs(float(torch.corrcoef(torch.stack([rows[1:], rows[:-1]]))[0, 1])) < 0.06


def test_epochs_are_unrelated() -> None:
    first, second = (draws(3, epoch).uniform("crop", torch.arange(4096))[:, 0] for epoch in (0, 1))
    assert abs(float(torch.corrcoef(torch.stack([first, second]))[0, 1])) < 0.06


def test_random_numbers_depend_on_all_they_are_for() -> None:
    samples = torch.arange(16)
    base = draws(1, 2).uniform("crop", samples, 4)
    assert torch.equal(base, draws(1, 2).uniform("crop", samples, 4))
    assert torch.equal(base[3:5], draws(1, 2).uniform("crop", samples[3:5], 4))
    for seed, epoch, use in ((2, 2, "crop"), (1, 3, "crop"), (1, 2, "colour"), (1 + (1 << 32), 2, "crop")):
        other = draws(seed, epoch).uniform(use, samples, 4)
        assert float((other == base).float().mean()) < 0.05


def test_an_epoch_changed_in_place_draws_anew() -> None:
    drawn, samples = draws(1, 2), torch.arange(16)
    drawn.epoch.add_(1)
    assert torch.equal(drawn.uniform("crop", samples), draws(1, 3).uniform("crop", samples))


def test_random_numbers_stay_what_they_were() -> None:
    """A change would end every interrupted run in other weights."""
    numbers = draws(1 << 40, 7).uniform("crop", torch.tensor([0, 99_999]), 2) * 2**24
    assert numbers.int().tolist() == [[3852685, 10471152], [14144587, 9593095]]


def test_epochs_have_orders_of_their_own() -> None:
    first, second = permutation(0, 0, 100), permutation(0, 1, 100)
    assert sorted(first.tolist()) == list(range(100)) and not torch.equal(first, second)
    assert torch.equal(first, permutation(0, 0, 100))
