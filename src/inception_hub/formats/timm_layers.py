"""The layers of the network as PyTorch modules that torch.fx, TorchScript and timm's tools can take apart.

`engines/torch.py` has those that train and compute here; these keep to what PyTorch's own modules are. Images
and feature maps are NCHW.
"""

from collections import OrderedDict
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from ..architecture import BATCH_NORM_EPSILON, BATCH_NORM_MOMENTUM, Block, Layer

Where = dict[str, Any]  # `device` and `dtype` of the weights


def _pad(x: Tensor, kernel: int, stride: int, value: float = 0.0) -> Tensor:
    """TensorFlow's SAME padding: what cannot be split evenly goes to the bottom and right.

    `same_padding` with the image's size taken out of the sum, so that torch.fx can trace it.
    """
    rows = kernel - stride + -x.shape[2] % stride
    columns = kernel - stride + -x.shape[3] % stride
    sides = [columns // 2, columns - columns // 2, rows // 2, rows - rows // 2]
    return functional.pad(x, sides, value=value)


class SameConv(nn.Conv2d):
    """A convolution behind SAME padding, for strides above 1."""

    def forward(self, x: Tensor) -> Tensor:  # pyright: ignore[reportIncompatibleMethodOverride]
        """[batch, in, height, width] to [batch, out, ...], each side divided by the stride, rounded up."""
        padded = _pad(x, self.kernel_size[0], self.stride[0])
        return functional.conv2d(padded, self.weight, self.bias, self.stride, groups=self.groups)


class SameMaxPool(nn.Module):
    """The largest values of windows behind SAME padding, for strides above 1."""

    def __init__(self, kernel: int, stride: int) -> None:
        super().__init__()
        self.kernel, self.stride = kernel, stride

    def forward(self, x: Tensor) -> Tensor:
        """As `SameConv.forward`."""
        return functional.max_pool2d(_pad(x, self.kernel, self.stride, -torch.inf), self.kernel, self.stride)


class ConvNormAct(nn.Module):
    """A convolution, batch norm and ReLU."""

    def __init__(self, layer: Layer, where: Where) -> None:
        super().__init__()
        self.conv = _convolution(layer, layer.in_channels, layer.out_channels, bias=False, **where)
        self.bn = _norm(layer.out_channels, where)
        _initialise(self.conv, layer)

    def forward(self, x: Tensor) -> Tensor:
        """As `SameConv.forward`."""
        return torch.relu(self.bn(self.conv(x)))


class SeparableConv(nn.Module):
    """The first layer: a convolution of each colour by itself, one of all that, and ReLU.

    With other channels than the three colours the first convolution is not separate: timm's rules, which
    repeat or add up the weights of the colours, hold for one over all channels.
    """

    def __init__(self, layer: Layer, in_chans: int, where: Where) -> None:
        super().__init__()
        middle = layer.in_channels * layer.depthwise_multiplier
        groups = layer.in_channels if in_chans == layer.in_channels else 1
        self.conv_dw = _convolution(layer, in_chans, middle, groups=groups, bias=False, **where)
        self.conv_pw = nn.Conv2d(middle, layer.out_channels, 1, **where)
        _initialise(self.conv_dw, layer)
        _initialise(self.conv_pw, layer)

    def forward(self, x: Tensor) -> Tensor:
        """As `SameConv.forward`."""
        return torch.relu(self.conv_pw(self.conv_dw(x)))


class Branches(nn.ModuleDict):
    """Branches over one input, concatenated along the channels."""

    def forward(self, x: Tensor) -> Tensor:
        """As `SameConv.forward`."""
        return torch.cat([branch(x) for branch in self.values()], 1)


def _convolution(layer: Layer, inputs: int, outputs: int, **options: Any) -> nn.Conv2d:
    if layer.stride > 1:
        return SameConv(inputs, outputs, layer.kernel, layer.stride, **options)
    return nn.Conv2d(inputs, outputs, layer.kernel, padding=layer.kernel // 2, **options)


def _norm(channels: int, where: Where) -> nn.BatchNorm2d:
    """Batch norm without a scale.

    PyTorch's momentum is the share of what is new, TensorFlow's of what was.
    """
    norm = nn.BatchNorm2d(channels, eps=BATCH_NORM_EPSILON, momentum=1 - BATCH_NORM_MOMENTUM, **where)
    norm.register_parameter("weight", None)
    return norm


def _initialise(convolution: nn.Conv2d, layer: Layer) -> None:
    stddev = layer.variables[0].stddev
    assert stddev is not None
    nn.init.trunc_normal_(convolution.weight, std=stddev, a=-2 * stddev, b=2 * stddev)
    if convolution.bias is not None:
        nn.init.zeros_(convolution.bias)


def _layer(layer: Layer, in_chans: int, where: Where) -> nn.Module:
    if layer.op == "conv":
        return ConvNormAct(layer, where)
    if layer.op == "separable_conv":
        return SeparableConv(layer, in_chans, where)
    if layer.op == "max_pool" and layer.stride > 1:
        return SameMaxPool(layer.kernel, layer.stride)
    if layer.op == "max_pool":
        return nn.MaxPool2d(layer.kernel, 1, layer.kernel // 2)
    return nn.AvgPool2d(layer.kernel, layer.stride, layer.kernel // 2, count_include_pad=False)


def make_block(block: Block, in_chans: int, where: Where) -> nn.Module:
    """A block of the table; `in_chans` are those of the images."""
    if len(block.branches) == 1:
        return _layer(block.branches[0][0], in_chans, where)
    branches = Branches()
    for number, branch in enumerate(block.branches):
        layers = OrderedDict((each.name.rpartition("/")[2], _layer(each, in_chans, where)) for each in branch)
        branches[f"Branch_{number}"] = nn.Sequential(layers)
    return branches
