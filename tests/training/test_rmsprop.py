"""TensorFlow's RMSProp: three steps of one weight by hand."""

import pytest
import torch

from inception_hub.training.rmsprop import RMSProp


def test_three_steps_by_hand() -> None:
    """The running square begins at one; epsilon stands under the root; the rate is part of the momentum."""
    weight = torch.tensor([2.0], requires_grad=True)
    optimiser = RMSProp([weight], torch.tensor(0.1), decay=0.9, momentum=0.5, epsilon=0.25)
    value, square, momentum = 2.0, 1.0, 0.0
    for gradient in (3.0, -1.0, 0.5):
        weight.grad = torch.tensor([gradient])
        optimiser.step()
        square = 0.9 * square + 0.1 * gradient**2
        momentum = 0.5 * momentum + 0.1 * gradient / (square + 0.25) ** 0.5
        value -= momentum
        assert float(weight.detach()) == pytest.approx(value, rel=1e-6)
