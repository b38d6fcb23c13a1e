"""The table in PyTorch: an `nn.Module` for training, and for inference where PyTorch is at hand.

Parameters and buffers carry Slim's names and shapes (kernels HWIO); kernels are permuted as the network
computes, so gradients and optimisers see Slim's layout. Images come in NHWC and run channels-last.
"""

from collections.abc import Mapping

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from ..architecture import (
    BATCH_NORM_EPSILON,
    DROPOUT_RATE,
    GLOBAL_POOL,
    LOGITS,
    PREDICTIONS,
    WEIGHT_DECAY,
    Architecture,
    Layer,
    same_padding,
)


class Network(nn.Module):
    """Inception V2 with `weights` (Slim's names and shapes, float32), copied.

    Trainable variables become parameters, moving statistics buffers; both answer to Slim's names in
    `named_parameters()`, `named_buffers()` and `state_dict()`.
    """

    def __init__(self, architecture: Architecture, weights: Mapping[str, NDArray[np.float32]]) -> None:
        super().__init__()
        self.architecture = architecture
        for name, variable in architecture.variables.items():
            value = torch.from_numpy(np.array(weights[name], np.float32))
            if variable.trainable:
                self.register_parameter(name, nn.Parameter(value))
            else:
                self.register_buffer(name, value)

    def forward(
        self,
        images: Tensor,
        *,
        batch_statistics: bool = False,
        momentum: float | None = None,
        dropout: bool = False,
    ) -> dict[str, Tensor]:
        """Every endpoint, NHWC, for `images` [batch, height, width, 3] in [0, 1].

        `batch_statistics` normalises by the batch (TF's train variant) instead of by the moving
        statistics; those move only if `momentum` is given, to `momentum * old + (1 - momentum) * batch`.
        `dropout` acts after the feature vector, before the logits.
        """
        x = images.permute(0, 3, 1, 2) * 2 - 1
        endpoints: dict[str, Tensor] = {}
        for block in self.architecture.blocks:
            outputs: list[Tensor] = []
            for branch in block.branches:
                y = x
                for layer in branch:
                    y = self._compute(layer, y, batch_statistics, momentum)
                outputs.append(y)
            x = outputs[0] if len(outputs) == 1 else torch.cat(outputs, 1)
            endpoints[block.name] = x.permute(0, 2, 3, 1)
        pooled = x.mean((2, 3), dtype=torch.promote_types(x.dtype, torch.float32))
        endpoints[GLOBAL_POOL] = pooled[:, None, None, :]
        head = self.architecture.logits_layer
        if head:
            kernel = self.get_parameter(head.weights)[0, 0]
            dropped = F.dropout(pooled, DROPOUT_RATE) if dropout else pooled
            endpoints[LOGITS] = torch.addmm(self.get_parameter(head.biases), dropped, kernel)
            endpoints[PREDICTIONS] = endpoints[LOGITS].softmax(1)
        return endpoints

    def regularization_losses(self) -> list[Tensor]:
        """Slim's weight decay as 69 scalars, one per regularised kernel."""
        names = [v.name for v in self.architecture.variables.values() if v.regularized]
        return [WEIGHT_DECAY / 2 * self.get_parameter(name).square().sum() for name in names]

    def _compute(self, layer: Layer, x: Tensor, batch_statistics: bool, momentum: float | None) -> Tensor:
        if layer.op == "avg_pool":
            return F.avg_pool2d(x, layer.kernel, layer.stride, padding=1, count_include_pad=False)
        if layer.op == "max_pool":
            x, padding = _pad(x, layer, -torch.inf)
            return F.max_pool2d(x, layer.kernel, layer.stride, padding)
        if layer.op == "separable_conv":
            return F.relu(_conv(x, layer, self._stem_kernel(layer), self.get_parameter(layer.biases)))
        x = _conv(x, layer, self.get_parameter(layer.weights))
        return F.relu(self._normalise(layer, x, batch_statistics, momentum))

    def _stem_kernel(self, layer: Layer) -> Tensor:
        """Depthwise then pointwise as one dense kernel: there is no activation between them."""
        depthwise = self.get_parameter(layer.depthwise_weights)  # [k, k, in, multiplier]
        pointwise = self.get_parameter(layer.pointwise_weights)  # [1, 1, in * multiplier, out]
        pointwise = pointwise.reshape(*depthwise.shape[2:], -1)  # TF's order: channel-major
        return torch.einsum("hwcm,cmo->hwco", depthwise, pointwise)

    def _normalise(self, layer: Layer, x: Tensor, batch_statistics: bool, momentum: float | None) -> Tensor:
        beta = self.get_parameter(layer.beta)
        mean, variance = self.get_buffer(layer.moving_mean), self.get_buffer(layer.moving_variance)
        if not batch_statistics:
            return F.batch_norm(x, mean, variance, None, beta, eps=BATCH_NORM_EPSILON)
        moves = momentum is not None
        if momentum is not None and x.numel() == x.shape[1]:
            # One value per channel: TF's unbiased variance is then 0, PyTorch's 0 / 0.
            with torch.no_grad():
                mean.lerp_(x.flatten(), 1 - momentum)
                variance.mul_(momentum)
            moves = False
        # torch.batch_norm, not F.batch_norm, which refuses one value per channel. Like TF, it normalises by
        # the biased variance and moves the average by the unbiased one.
        return torch.batch_norm(
            x,
            None,
            beta,
            mean if moves else None,
            variance if moves else None,
            True,
            1 - momentum if momentum is not None else 0.0,
            BATCH_NORM_EPSILON,
            True,
        )


def _pad(x: Tensor, layer: Layer, value: float) -> tuple[Tensor, tuple[int, int]]:
    """SAME padding: what is symmetric is left to the operator, as its `padding`."""
    (top, bottom), (left, right) = (same_padding(size, layer.kernel, layer.stride) for size in x.shape[2:])
    if top == bottom and left == right:
        return x, (top, left)
    return F.pad(x, (left, right, top, bottom), value=value), (0, 0)


def _conv(x: Tensor, layer: Layer, kernel: Tensor, bias: Tensor | None = None) -> Tensor:
    x, padding = _pad(x, layer, 0.0)
    return F.conv2d(x, kernel.permute(3, 2, 0, 1), bias, layer.stride, padding)
