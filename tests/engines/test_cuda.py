"""What a CPU can show of a run on CUDA: what operators are given, devices, and that nothing waits."""

import json
import re
from typing import Any

import pytest
import torch
from helpers import fake_cuda
from helpers.layouts import ARCHITECTURE
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from inception_hub.architecture import LOGITS
from inception_hub.engines.torch import Network
from inception_hub.weights import initialise


class BatchNorms(TorchDispatchMode):
    """Keeps the (weight, bias) that each batch norm is given."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[Any, Any]] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if "batch_norm" in str(func) and "backward" not in str(func):
            self.found.append(args[1:3])
        return func(*args, **(kwargs or {}))


@pytest.fixture
def network() -> Network:
    return Network(ARCHITECTURE, initialise(ARCHITECTURE, 0))


@pytest.mark.parametrize(
    "dtype, options",
    [
        (torch.float32, {}),
        (torch.float32, {"batch_statistics": True}),
        (torch.float64, {"batch_statistics": True, "momentum": 0.9}),
    ],
    ids=str,
)
def test_a_batch_norm_with_an_offset_has_a_scale(
    network: Network, dtype: torch.dtype, options: dict[str, Any]
) -> None:
    """Without one CUDA's backward pass fails: its gradient of the offset has no elements."""
    with BatchNorms() as norms:
        network.to(dtype)(torch.rand(2, 32, 32, 3, dtype=dtype), **options)[LOGITS].sum().backward()
    assert len(norms.found) == 68
    for scale, offset in norms.found:
        assert isinstance(scale, Tensor) and torch.equal(scale, torch.ones_like(offset))
        assert scale.dtype == offset.dtype


def test_the_scale_is_no_variable_and_follows_them(network: Network) -> None:
    import copy

    names = set(ARCHITECTURE.variables)
    for each in (network, copy.deepcopy(network), network.to("meta").to_empty(device="cpu").double()):
        assert set(each.state_dict()) == names
        assert {n for n, _ in [*each.named_parameters(), *each.named_buffers()]} == names
        assert torch.equal(each._ones, torch.ones_like(each._ones))
    assert network._ones.dtype == torch.float64
    state = {name: torch.from_numpy(value) for name, value in initialise(ARCHITECTURE, 1).items()}
    network.load_state_dict(state, assign=True)  # float32 again
    with BatchNorms() as norms:
        network(torch.rand(1, 32, 32, 3))
    assert all(scale.dtype == torch.float32 and bool((scale == 1).all()) for scale, _ in norms.found)


PROGRAM = """
import json, traceback
from helpers.layouts import ARCHITECTURE, Layouts
from inception_hub.architecture import LOGITS
from inception_hub.engines.torch import Network
from inception_hub.engines.torch_inference import InferenceNetwork
from inception_hub.weights import initialise

answering = InferenceNetwork(Network(ARCHITECTURE, initialise(ARCHITECTURE, 0)), torch.bfloat16)
answering._refresh()
errors = {}
with cuda() as device:
    network = moved(Network(ARCHITECTURE, initialise(ARCHITECTURE, 0)), device)
    images = torch.rand(2, 64, 64, 3, device=device)
    for name, check in json.loads(sys.argv[2]).items():
        try:
            exec(check)
        except Exception:
            errors[name] = traceback.format_exc()
print(json.dumps(errors))
"""
CHECKS = {
    "a training step": """
layouts = Layouts()
train = {"batch_statistics": True, "momentum": 0.9, "dropout": True}
for options, half in ((train, False), ({}, True)):
    with torch.autocast("cuda", torch.bfloat16, enabled=half), layouts:
        endpoints = network(images, **options)
    assert all(value.is_cuda for value in endpoints.values())
    endpoints[LOGITS].float().square().mean().backward()
    for name, value in network.named_parameters():
        assert value.grad is not None and value.grad.device == device, name
        assert value.grad.dtype == torch.float32 and value.grad.shape == value.shape
        value.grad = None
assert len(layouts.channels_last) == 2 * 69 and all(layouts.channels_last)
assert (layouts.channels[0], layouts.channels[69]) == (3, 12), "in bfloat16 over squares of 2 x 2 pixels"
""",
    "answering": """
answering._folded = {
    name: tuple(torch.empty_strided(v.shape, v.stride(), dtype=v.dtype, device=device) for v in values)
    for name, values in answering._folded.items()
}
with torch.no_grad():
    found = answering._compute(images, ("InceptionV2/Mixed_3b", LOGITS), False)
assert [value.dtype for value in found.values()] == [torch.bfloat16, torch.float32]
assert all(value.device == device for value in found.values())
assert found["InceptionV2/Mixed_3b"].is_contiguous(), "channels last throughout"
""",
    "waiting": "float(network(images)[LOGITS].detach().sum())",
    "a stranger": """
network._buffers["InceptionV2/Conv2d_2c_3x3/BatchNorm/moving_mean"] = torch.zeros(48)
network(images)
""",
}


@pytest.fixture(scope="module")
def errors() -> dict[str, str]:
    """The errors of `CHECKS` by name, all in one process."""
    return json.loads(fake_cuda.run(PROGRAM, json.dumps(CHECKS)))


def test_a_training_step_stays_on_the_device(errors: dict[str, str]) -> None:
    """In channels-last maps throughout: `torch.compile` plans for the strides that are seen here, and fails
    later if cuDNN, whose convolutions keep them, was off as it planned."""
    assert "a training step" not in errors, errors["a training step"]


def test_answering_stays_on_the_device(errors: dict[str, str]) -> None:
    assert "answering" not in errors, errors["answering"]


def test_waiting_and_strangers_are_seen(errors: dict[str, str]) -> None:
    """Else the tests above would show nothing."""
    assert "DataDependentOutputException" in errors["waiting"]
    assert re.search("Error: .*device", errors["a stranger"])
