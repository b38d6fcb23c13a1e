"""Answering by the folded network: named endpoints, ways that are missing, memory that runs out."""

from typing import Any

import pytest
import torch
from torch import Tensor

from inception_hub.architecture import GLOBAL_POOL, LOGITS, PREDICTIONS, Architecture
from inception_hub.engines.torch import Network
from inception_hub.engines.torch_inference import InferenceNetwork
from inception_hub.errors import DeviceMemoryError
from inception_hub.weights import initialise

ARCHITECTURE = Architecture(0.25, 5)
FIRST_MIXED = "InceptionV2/Mixed_3b"


@pytest.fixture
def network() -> Network:
    return Network(ARCHITECTURE, initialise(ARCHITECTURE, 0))


class Small(InferenceNetwork):
    """A device that holds passes of so many images."""

    holds = 3

    def __init__(self, network: Network) -> None:
        super().__init__(network)
        self.asked: list[int] = []

    def _compute_on_device(self, images: Tensor, names: tuple[str, ...]) -> dict[str, Tensor]:
        self.asked.append(len(images))
        if len(images) > self.holds:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return super()._compute_on_device(images, names)


@pytest.mark.parametrize(
    "names", [(LOGITS,), (PREDICTIONS,), (GLOBAL_POOL,), (FIRST_MIXED,), (FIRST_MIXED, LOGITS)], ids=str
)
def test_only_what_is_asked_for_is_computed(network: Network, names: tuple[str, ...]) -> None:
    images = torch.rand(2, 40, 33, 3)
    every = network(images)
    assert list(every) == list(ARCHITECTURE.endpoint_names)
    for found in (network(images, endpoints=names), InferenceNetwork(network)(images, names)):
        assert set(found) == set(names)
        for name, value in found.items():
            assert torch.allclose(value, every[name], rtol=1e-3, atol=1e-5)
    if names == (FIRST_MIXED,):
        del network._parameters["InceptionV2/Mixed_3c/Branch_0/Conv2d_0a_1x1/weights"]
        network(images, endpoints=names)  # goes no further


@pytest.mark.filterwarnings("error")
def test_a_batch_that_does_not_fit_is_answered_in_parts(network: Network) -> None:
    images = torch.rand(10, 32, 32, 3)
    expected = InferenceNetwork(network)(images, (LOGITS,))[LOGITS]
    small = Small(network)
    with pytest.warns(
        RuntimeWarning, match="10 images do not fit into the device's memory; continuing with 3"
    ):
        found = small(images, (LOGITS,))[LOGITS]
    assert torch.allclose(found, expected, rtol=1e-4, atol=1e-6)
    small.asked.clear()
    assert torch.allclose(small(images, (LOGITS,))[LOGITS], expected, rtol=1e-4, atol=1e-6)  # and no warning
    assert small.asked == [3, 3, 3, 1], "what did not fit is not tried again"


def test_in_bfloat16_features_and_logits_stay_float32(network: Network) -> None:
    images = torch.rand(2, 40, 33, 3)
    exact, half = (InferenceNetwork(network, dtype)(images) for dtype in (torch.float32, torch.bfloat16))
    assert half[FIRST_MIXED].dtype == torch.bfloat16
    for name in (GLOBAL_POOL, LOGITS, PREDICTIONS):
        assert half[name].dtype == torch.float32
        assert float((half[name] - exact[name]).norm() / exact[name].norm()) < 0.1


def test_an_image_that_does_not_fit_is_an_error(network: Network) -> None:
    small = Small(network)
    small.holds = 0
    with pytest.raises(DeviceMemoryError, match="One image of 32 x 48 pixels does not fit"):
        small(torch.rand(4, 32, 48, 3))


@pytest.mark.parametrize("way", ["compiled", "fused"])
def test_a_way_that_is_missing_gives_way(network: Network, way: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_compiler(*args: Any, **kwargs: Any) -> Any:
        def compiled(*args: Any) -> Any:
            raise RuntimeError("no C compiler")

        return compiled

    monkeypatch.setattr(torch, "compile", no_compiler)
    images = torch.rand(2, 32, 32, 3)
    answering = InferenceNetwork(network, way=way)  # this device has no cuDNN either
    assert torch.equal(answering(images)[LOGITS], InferenceNetwork(network)(images)[LOGITS])
    assert answering._missing == {"compiled": {"compiled", "fused"}, "fused": {"fused"}}[way]
