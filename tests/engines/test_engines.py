"""Both engines against the original's recorded answers, and against plain NumPy where it recorded nothing."""

from collections.abc import Callable, Mapping

import numpy as np
import pytest
import torch
from helpers.cases import (
    RELATIVE_TOLERANCE,
    Array,
    Case,
    check_endpoints,
    distance,
    images_from_seed,
    recorded,
)
from helpers.oracle import Oracle
from helpers.weights_from_seed import random_weights

from inception_hub.architecture import GLOBAL_POOL, LOGITS, Architecture
from inception_hub.engines import EngineOptions
from inception_hub.engines.openvino import OpenVINOEngine
from inception_hub.engines.torch import Network as TorchNetwork
from inception_hub.engines.torch_inference import InferenceNetwork

Run = Callable[[Architecture, Mapping[str, Array], Array], dict[str, Array]]


def run_openvino(architecture: Architecture, weights: Mapping[str, Array], images: Array) -> dict[str, Array]:
    engine = OpenVINOEngine(architecture, weights, None, EngineOptions())
    return engine.endpoints(images, architecture.endpoint_names)


def run_torch(architecture: Architecture, weights: Mapping[str, Array], images: Array) -> dict[str, Array]:
    with torch.no_grad():
        endpoints = TorchNetwork(architecture, weights)(torch.from_numpy(images))
    return {name: value.numpy() for name, value in endpoints.items()}


def run_torch_folded(
    architecture: Architecture, weights: Mapping[str, Array], images: Array
) -> dict[str, Array]:
    endpoints = InferenceNetwork(TorchNetwork(architecture, weights))(torch.from_numpy(images))
    return {name: value.numpy() for name, value in endpoints.items()}


engines = pytest.mark.parametrize("run", [run_openvino, run_torch, run_torch_folded])


@engines
@pytest.mark.parametrize(
    "case", recorded("eval"), ids=lambda case: f"{case.architecture.depth_multiplier}-{case.shape}"
)
def test_answers_as_the_original(run: Run, case: Case) -> None:
    endpoints = run(case.architecture, case.weights, case.images)
    assert distance(endpoints[LOGITS], case.answers["logits"]) < RELATIVE_TOLERANCE
    assert distance(endpoints[GLOBAL_POOL][:, 0, 0], case.answers["feature_vector"]) < RELATIVE_TOLERANCE
    check_endpoints(endpoints, case.answers)


@engines
@pytest.mark.parametrize("shape", [(1, 1, 1), (2, 7, 40), (1, 33, 50), (3, 64, 48)])
@pytest.mark.parametrize("num_classes", [0, 3])
def test_every_endpoint_agrees_with_plain_numpy(run: Run, shape: tuple[int, ...], num_classes: int) -> None:
    architecture = Architecture(0.25, num_classes)
    weights = random_weights({n: v.shape for n, v in architecture.variables.items()}, 7)
    images = images_from_seed((*shape, 3), 11)
    reference = Oracle(weights)(images)
    found = run(architecture, weights, images)
    assert list(found) == list(reference) == list(architecture.endpoint_names)
    shapes = architecture.endpoint_shapes(*shape[1:])
    for name, value in found.items():
        assert value.dtype == np.float32
        assert value.shape == (shape[0], *shapes[name])
        assert distance(value, reference[name]) < RELATIVE_TOLERANCE, name


def test_folding_follows_the_variables() -> None:
    architecture = Architecture(0.25, 3)
    network = TorchNetwork(
        architecture, random_weights({n: v.shape for n, v in architecture.variables.items()}, 7)
    )
    answering, images = InferenceNetwork(network), torch.from_numpy(images_from_seed((2, 40, 32, 3), 0))
    before = answering(images)[LOGITS]
    with torch.no_grad():
        network.get_buffer("InceptionV2/Conv2d_2c_3x3/BatchNorm/moving_mean").add_(1)
        expected = network(images)[LOGITS]
    assert distance(answering(images)[LOGITS].numpy(), expected.numpy()) < RELATIVE_TOLERANCE
    assert distance(before.numpy(), expected.numpy()) > 0.01


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")
@pytest.mark.parametrize("dtype, tolerance", [(torch.float32, RELATIVE_TOLERANCE), (torch.bfloat16, 0.1)])
def test_recorded_graphs_answer_as_the_cpu(dtype: torch.dtype, tolerance: float) -> None:
    architecture = Architecture(0.5, 10)
    weights = random_weights({n: v.shape for n, v in architecture.variables.items()}, 7)
    answering = InferenceNetwork(TorchNetwork(architecture, weights).cuda(), dtype)
    for size in (32, 40, 48, 56, 64, 32):  # more shapes than are kept
        images = images_from_seed((2, size, 33, 3), size)
        for _ in range(2):
            found = answering(torch.from_numpy(images).cuda())
            assert distance(found[LOGITS].cpu().numpy(), Oracle(weights)(images)[LOGITS]) < tolerance
