"""The layers that timm's network is made of, one by one."""

from collections.abc import Callable

import pytest
import torch
from torch import nn
from torch.nn import functional

from inception_hub.architecture import Architecture, same_padding
from inception_hub.formats.timm_layers import ConvNormAct, SameConv, SameMaxPool, make_block

BLOCKS = {block.name.rpartition("/")[2]: block for block in Architecture(0.25).blocks}
SIZES = [(1, 1), (2, 3), (7, 8), (32, 33), (224, 131)]


def padded(x: torch.Tensor, kernel: int, stride: int, value: float) -> torch.Tensor:
    rows, columns = (same_padding(size, kernel, stride) for size in x.shape[2:])
    return functional.pad(x, (*columns, *rows), value=value)


WAYS: dict[str, Callable[[nn.Module], Callable[[torch.Tensor], torch.Tensor]]] = {
    "eager": lambda module: module,
    "torchscript": torch.jit.script,
    "fx": torch.fx.symbolic_trace,
}


@pytest.mark.filterwarnings("ignore:`torch.jit.script` is (deprecated|not supported)")
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kernel", [3, 7])
def test_padding_is_tensorflows_at_every_size(way: str, kernel: int) -> None:
    convolution, pool = SameConv(3, 4, kernel, 2, bias=False), SameMaxPool(kernel, 2)
    convolve, largest = WAYS[way](convolution), WAYS[way](pool)
    for size in SIZES:
        x = torch.randn(2, 3, *size)
        expected = functional.conv2d(padded(x, kernel, 2, 0.0), convolution.weight, stride=2)
        assert torch.equal(convolve(x), expected)
        assert torch.equal(largest(x), functional.max_pool2d(padded(x, kernel, 2, -torch.inf), kernel, 2))


@pytest.mark.parametrize("name", BLOCKS)
def test_shapes_are_the_tables(name: str) -> None:
    block = BLOCKS[name]
    inputs = block.branches[0][0].in_channels
    layers = make_block(block, 3, {"device": None, "dtype": None})
    for height, width in SIZES[2:4]:
        made = layers(torch.randn(2, inputs, height, width))
        assert made.shape == (2, block.out_channels, -(-height // block.stride), -(-width // block.stride))


def test_batch_norm_has_no_scale() -> None:
    layer = BLOCKS["Conv2d_2c_3x3"].branches[0][0]
    made = ConvNormAct(layer, {"device": None, "dtype": None})
    assert {name for name, _ in made.named_parameters()} == {"conv.weight", "bn.bias"}
    assert (made.bn.eps, made.bn.momentum) == (1e-3, pytest.approx(0.01))
    assert made.bn.affine  # without it PyTorch's SyncBatchNorm would not take the offset over


@pytest.mark.parametrize("name", ["Conv2d_1a_7x7", "Conv2d_2b_1x1", "Conv2d_2c_3x3"])
def test_weights_start_from_the_tables_distribution(name: str) -> None:
    torch.manual_seed(0)
    layer = BLOCKS[name].branches[0][0]
    made = make_block(BLOCKS[name], 3, {"device": None, "dtype": None})
    deviation = layer.variables[0].stddev
    assert deviation is not None
    for key, value in made.named_parameters():
        if key.endswith("weight"):
            cut_off = 0.88 * deviation  # at two deviations
            assert float(value.detach().std()) == pytest.approx(cut_off, rel=0.1)
            assert value.abs().max() <= 2 * deviation
        else:
            assert not value.any()


def test_memory_and_numbers_where_they_are_asked_for() -> None:
    where = {"device": torch.device("meta"), "dtype": torch.bfloat16}
    for block in BLOCKS.values():
        for value in make_block(block, 3, where).parameters():
            assert (value.device.type, value.dtype) == ("meta", torch.bfloat16)
