"""The PyTorch network: Slim's names and shapes, endpoints as asked, statistics that move when told to."""

import pytest
import torch
from helpers.weights_from_seed import random_weights

from inception_hub.architecture import BATCH_NORM_EPSILON, GLOBAL_POOL, LOGITS, WEIGHT_DECAY, Architecture
from inception_hub.engines.torch import Network
from inception_hub.errors import ArgumentError

ARCHITECTURE = Architecture(0.25, 3)
LAYER = "InceptionV2/Conv2d_2b_1x1"


@pytest.fixture
def network() -> Network:
    weights = random_weights({n: v.shape for n, v in ARCHITECTURE.variables.items()}, 7)
    return Network(ARCHITECTURE, weights)


def test_variables_have_slims_names_and_shapes(network: Network) -> None:
    state = network.state_dict()
    assert {n: tuple(v.shape) for n, v in state.items()} == {
        n: v.shape for n, v in ARCHITECTURE.variables.items()
    }
    trainable = {n for n, v in ARCHITECTURE.variables.items() if v.trainable}
    assert {n for n, _ in network.named_parameters()} == trainable


def test_endpoints_come_as_asked(network: Network) -> None:
    images = torch.rand(2, 33, 40, 3)
    every = network(images)
    assert list(every) == list(ARCHITECTURE.endpoint_names)
    (pooled,) = network(images, endpoints=(GLOBAL_POOL,)).items()
    assert pooled[0] == GLOBAL_POOL and torch.equal(pooled[1], every[GLOBAL_POOL])


def test_moving_statistics_move_by_the_momentum(network: Network) -> None:
    images = torch.rand(4, 40, 40, 3)
    name = f"{LAYER}/BatchNorm/moving_mean"
    before = network.get_buffer(name).clone()
    network(images, batch_statistics=True)
    assert torch.equal(network.get_buffer(name), before)
    network(images, batch_statistics=True, momentum=0.0)
    batch = network.get_buffer(name).clone()
    network.get_buffer(name).copy_(before)
    network(images, batch_statistics=True, momentum=0.75)
    torch.testing.assert_close(network.get_buffer(name), 0.75 * before + 0.25 * batch)
    with pytest.raises(ArgumentError, match="give batch_statistics=True with it"):
        network(images, momentum=0.5)


def test_dropout_takes_factors(network: Network) -> None:
    images = torch.rand(2, 40, 40, 3)
    zeros = torch.zeros(2, ARCHITECTURE.num_features)
    logits = network(images, dropout=zeros)[LOGITS]
    biases = network.get_parameter("InceptionV2/Logits/Conv2d_1c_1x1/biases")
    torch.testing.assert_close(logits, biases.expand(2, -1))


def test_regularization_is_slims(network: Network) -> None:
    losses = network.regularization_losses()
    regularised = [v.name for v in ARCHITECTURE.variables.values() if v.regularized]
    assert len(losses) == len(regularised) and BATCH_NORM_EPSILON == 1e-3
    expected = WEIGHT_DECAY / 2 * network.get_parameter(regularised[0]).square().sum()
    torch.testing.assert_close(losses[0], expected)
