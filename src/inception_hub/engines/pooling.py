"""The table's pools in PyTorch, padded as TensorFlow's SAME pads, with gradients that are right on CUDA."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from ..architecture import Layer, same_padding


def pooled(layer: Layer, x: Tensor) -> Tensor:
    """`x` [batch, channels, height, width] by a pool of the table; what is beyond the edge does not count."""
    if layer.op == "avg_pool":
        return _mean_of_neighbours(x)
    (top, bottom), (left, right) = (same_padding(n, layer.kernel, layer.stride) for n in x.shape[2:])
    if any(isinstance(size, torch.SymInt) for size in x.shape[2:]):  # exported for any size
        x = F.pad(x, (left, right, top, bottom), value=-torch.inf)
        return F.max_pool2d(x, layer.kernel, layer.stride)
    # Where SAME pads at the end alone, `ceil_mode` goes beyond that edge; a padded copy would take longer.
    return F.max_pool2d(x, layer.kernel, layer.stride, (top, left), ceil_mode=bottom > top or right > left)


def _mean_of_neighbours(x: Tensor) -> Tensor:
    """The mean over 3 x 3 pixels at stride 1, as all average pools of the table are."""
    if x.requires_grad and not torch.compiler.is_compiling():
        return _MeanOfNeighbours.apply(x)
    return _mean(x)


def _mean(x: Tensor) -> Tensor:
    return F.avg_pool2d(x, 3, 1, 1, count_include_pad=False)


class _MeanOfNeighbours(torch.autograd.Function):
    """With a backward pass of its own: PyTorch's is wrong on CUDA for padded channels-last maps.

    It says nothing, and gives other gradients: https://github.com/pytorch/pytorch/issues/188344.
    """

    @staticmethod
    def forward(x: Tensor) -> Tensor:
        return _mean(x)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor], output: Tensor) -> None:
        ctx.size = inputs[0].shape[2:]

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:  # type: ignore[override]
        # A pixel is among the neighbours of its neighbours: the transpose of their sum is their sum.
        counts = F.avg_pool2d(gradient.new_ones(1, 1, *ctx.size), 3, 1, 1, divisor_override=1)
        return F.avg_pool2d(gradient / counts, 3, 1, 1, divisor_override=1)
