"""Pools: padded as TensorFlow pads, with the gradients of PyTorch's operators on CPUs."""

from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch.fx.experimental import _config
from torch.utils._python_dispatch import TorchDispatchMode

from inception_hub.architecture import LOGITS, Architecture, Layer, same_padding
from inception_hub.engines.pooling import pooled
from inception_hub.engines.torch import Network
from inception_hub.weights import initialise

SIZES = [(1, 1), (1, 2), (2, 2), (3, 2), (5, 4), (8, 7), (9, 9)]
sizes = pytest.mark.parametrize("size", SIZES, ids=str)
layouts = pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last], ids=str)


def pool(op: str, stride: int) -> Layer:
    return Layer("pool", op, 3, stride, 4, 4, None)  # type: ignore[arg-type]


def maximum(x: NDArray[np.float64], stride: int) -> NDArray[np.float64]:
    """Window by window."""
    (top, bottom), (left, right) = (same_padding(size, 3, stride) for size in x.shape[2:])
    padded = np.pad(x, ((0, 0), (0, 0), (top, bottom), (left, right)), constant_values=-np.inf)
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), (2, 3))
    return windows[:, :, ::stride, ::stride].max((-2, -1))


@sizes
@layouts
@pytest.mark.parametrize("stride", [1, 2])
def test_maximum(size: tuple[int, int], layout: torch.memory_format, stride: int) -> None:
    x = -torch.rand(2, 4, *size, dtype=torch.float64) - 1  # where zeros of padding would win
    found = pooled(pool("max_pool", stride), x.contiguous(memory_format=layout))
    assert np.array_equal(found.numpy(), maximum(x.numpy(), stride))


@pytest.mark.parametrize("stride", [1, 2])
def test_maximum_in_a_program_for_any_size(stride: int) -> None:
    class Program(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return pooled(pool("max_pool", stride), x)

    free = {2: torch.export.Dim.DYNAMIC, 3: torch.export.Dim.DYNAMIC}
    with _config.patch(backed_size_oblivious=True):  # as `export` does
        program = torch.export.export(Program(), (torch.zeros(2, 4, 9, 6),), dynamic_shapes=(free,)).module()
    for size in SIZES:
        x = -torch.rand(2, 4, *size) - 1
        assert np.array_equal(program(x).numpy(), maximum(x.numpy(), stride))


@sizes
@layouts
def test_mean_and_its_gradient(size: tuple[int, int], layout: torch.memory_format) -> None:
    x = torch.randn(2, 4, *size, dtype=torch.float64).contiguous(memory_format=layout).requires_grad_()
    found = pooled(pool("avg_pool", 1), x)
    expected = F.avg_pool2d(x, 3, 1, 1, count_include_pad=False)
    assert torch.equal(found, expected)
    gradient = torch.randn_like(found)
    derived = [torch.autograd.grad(output, x, gradient)[0] for output in (found, expected)]
    assert torch.allclose(derived[0], derived[1], rtol=0, atol=1e-12)


class Operators(TorchDispatchMode):
    """Keeps the names of the operators that are called."""

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self.names.append(str(func))
        return func(*args, **(kwargs or {}))


def test_no_step_takes_the_gradient_that_is_wrong_on_cuda() -> None:
    network = Network(Architecture(0.25, 3), initialise(Architecture(0.25, 3), 0))
    with Operators() as operators:
        network(torch.rand(2, 32, 32, 3), batch_statistics=True)[LOGITS].sum().backward()
    assert any("avg_pool2d" in name for name in operators.names)
    assert not [name for name in operators.names if "avg_pool2d_backward" in name]
