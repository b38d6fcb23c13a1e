"""The table in PyTorch: an `nn.Module` for training, and for inference where PyTorch is at hand.

Parameters and buffers carry Slim's names and shapes (kernels HWIO); kernels are permuted as the network
computes, so gradients and optimisers see Slim's layout. Images come in NHWC and run channels-last.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Self

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
from ..errors import ArgumentError
from .arithmetic import convolution, exact_float32, product
from .pooling import pooled
from .stem import kernel_of_squares, squares_of

Compute = Callable[[Layer, Tensor, Layer | None], Tensor]
"""The output of a layer with weights, from its input; a pool given with it comes before its activation."""


class Network(nn.Module):
    """Inception V2 with `weights` (Slim's names and shapes, float32), copied.

    Trainable variables become parameters, moving statistics buffers; both have Slim's names in
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
        self._ones = torch.ones(max(layer.out_channels for layer in architecture.layers))

    def _apply(self, fn: Callable[..., Any], recurse: bool = True) -> Self:
        """Moves what is no variable along with the variables."""
        super()._apply(fn, recurse)
        self._ones = torch.ones_like(fn(self._ones))
        return self

    def forward(
        self,
        images: Tensor,
        *,
        batch_statistics: bool = False,
        momentum: float | None = None,
        dropout: bool | Tensor = False,
        all_reduce: Callable[[Tensor], Tensor] | None = None,
        endpoints: Collection[str] | None = None,
    ) -> dict[str, Tensor]:
        """The named `endpoints` (None: every one), NHWC, for `images` [batch, height, width, 3] in [0, 1].

        `batch_statistics` normalises by the batch (TF's train variant) instead of by the moving
        statistics; those move only if `momentum` is given, to `momentum * old + (1 - momentum) * batch`.
        `dropout` acts after the feature vector, before the logits: True draws what is kept, a tensor
        [batch, features] of factors decides it. `all_reduce`, a differentiable sum over processes, makes
        batch statistics those of all processes' images together. float32 is computed in float32, here and in
        the backward pass, whatever PyTorch's flags.
        """
        if not batch_statistics and momentum is not None:
            raise ArgumentError("momentum moves statistics of the batch; give batch_statistics=True with it.")

        def compute(layer: Layer, x: Tensor, pool: Layer | None) -> Tensor:
            return self._compute(layer, x, pool, batch_statistics, momentum, all_reduce)

        def logits(features: Tensor, head: Layer) -> Tensor:
            if isinstance(dropout, Tensor):
                features = features * dropout
            elif dropout:
                features = F.dropout(features, DROPOUT_RATE)
            return product(features, self.get_parameter(head.weights)[0, 0]) + self.get_parameter(head.biases)

        with exact_float32():
            return walk(self.architecture, images, compute, logits, endpoints)

    def regularization_losses(self) -> list[Tensor]:
        """Slim's weight decay as 69 scalars, one per regularised kernel."""
        names = [v.name for v in self.architecture.variables.values() if v.regularized]
        return [WEIGHT_DECAY / 2 * self.get_parameter(name).square().sum() for name in names]

    def _compute(
        self,
        layer: Layer,
        x: Tensor,
        pool: Layer | None,
        batch_statistics: bool,
        momentum: float | None,
        all_reduce: Callable[[Tensor], Tensor] | None,
    ) -> Tensor:
        if layer.op == "separable_conv":
            return self._stem(layer, x).relu_()
        x = conv(x, layer, _oihw(self.get_parameter(layer.weights)))
        if pool:
            x = pooled(pool, x)
        if batch_statistics and all_reduce:
            return self._normalise_together(layer, x, momentum, all_reduce).relu_()
        return self._normalise(layer, x, batch_statistics, momentum).relu_()

    def _stem(self, layer: Layer, x: Tensor) -> Tensor:
        kernel, bias = _oihw(self._stem_kernel(layer)), self.get_parameter(layer.biases)
        if x.is_cuda and torch.is_autocast_enabled("cuda"):  # on tensor cores: stem.py says why
            x = squares_of(x.to(torch.get_autocast_dtype("cuda")), layer)
            return convolution(x, kernel_of_squares(kernel), bias, 1, (0, 0))
        return conv(x, layer, kernel, bias)

    def _stem_kernel(self, layer: Layer) -> Tensor:
        """Depthwise then pointwise as one dense kernel: there is no activation between them."""
        depthwise = self.get_parameter(layer.depthwise_weights)  # [k, k, in, multiplier]
        pointwise = self.get_parameter(layer.pointwise_weights)  # [1, 1, in * multiplier, out]
        pointwise = pointwise.reshape(*depthwise.shape[2:], -1)  # TF's order: channel-major
        k = layer.kernel
        dense = product(depthwise.permute(2, 0, 1, 3).flatten(1, 2), pointwise)  # [in, k * k, out]
        return dense.unflatten(1, (k, k)).permute(1, 2, 0, 3)

    def _normalise(self, layer: Layer, x: Tensor, batch_statistics: bool, momentum: float | None) -> Tensor:
        beta = self.get_parameter(layer.beta)
        mean, variance = self.get_buffer(layer.moving_mean), self.get_buffer(layer.moving_variance)
        scale = self._scale(beta)
        if not batch_statistics:
            return F.batch_norm(x, mean, variance, scale, beta, eps=BATCH_NORM_EPSILON)
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
            scale,
            beta,
            mean if moves else None,
            variance if moves else None,
            True,
            1 - momentum if momentum is not None else 0.0,
            BATCH_NORM_EPSILON,
            True,
        )

    def _scale(self, beta: Tensor) -> Tensor:
        """Ones: there is no scale, but CUDA's backward pass wants one wherever there is an offset."""
        if self._ones.device != beta.device or self._ones.dtype != beta.dtype:  # variables were assigned
            return torch.ones_like(beta, requires_grad=False)
        return self._ones[: len(beta)]

    def _normalise_together(
        self, layer: Layer, x: Tensor, momentum: float | None, all_reduce: Callable[[Tensor], Tensor]
    ) -> Tensor:
        """By the statistics of all processes' images; PyTorch's SyncBatchNorm refuses CPU tensors."""
        values = x.to(torch.promote_types(x.dtype, torch.float32))
        count = torch.full((1,), values[:, 0].numel(), dtype=values.dtype, device=x.device)
        total, count = all_reduce(torch.cat([values.sum((0, 2, 3)), count])).split([x.shape[1], 1])
        mean = total / count
        centred = values - mean[:, None, None]
        variance = all_reduce(centred.square().sum((0, 2, 3))) / count
        if momentum is not None:
            with torch.no_grad():
                unbiased = variance * count / (count - 1).clamp(min=1)  # of one value: 0, as in TF
                self.get_buffer(layer.moving_mean).lerp_(mean, 1 - momentum)
                self.get_buffer(layer.moving_variance).lerp_(unbiased, 1 - momentum)
        scale = (variance + BATCH_NORM_EPSILON).rsqrt()
        normalised = centred * scale[:, None, None] + self.get_parameter(layer.beta)[:, None, None]
        return normalised.to(x.dtype)


def walk(
    architecture: Architecture,
    images: Tensor,
    compute: Compute,
    logits: Callable[[Tensor, Layer], Tensor],
    names: Collection[str] | None = None,
) -> dict[str, Tensor]:
    """Endpoints by their `names` (None: every one), NHWC, for `images` [batch, height, width, 3] in [0, 1].

    Walks the table as far as the last of them. `compute` gives the output of a layer with weights, NCHW;
    `logits` those of the head, from the mean of the feature map.
    """
    wanted = set(architecture.endpoint_names if names is None else names)
    # An NCHW tensor that was permuted would otherwise run channels-first, at half the speed.
    x = (images.permute(0, 3, 1, 2) * 2 - 1).contiguous(memory_format=torch.channels_last)
    endpoints: dict[str, Tensor] = {}
    for block in architecture.blocks:
        if len(endpoints) == len(wanted):
            return endpoints
        outputs = [_branch(branch, x, compute) for branch in block.branches]
        x = outputs[0] if len(outputs) == 1 else torch.cat(outputs, 1)
        if block.name in wanted:
            endpoints[block.name] = x.permute(0, 2, 3, 1)
    if len(endpoints) == len(wanted):
        return endpoints
    features = x.mean((2, 3), dtype=torch.promote_types(x.dtype, torch.float32))
    head = {GLOBAL_POOL: features[:, None, None, :]}
    if architecture.logits_layer and (LOGITS in wanted or PREDICTIONS in wanted):
        head[LOGITS] = logits(features, architecture.logits_layer)
        head[PREDICTIONS] = head[LOGITS].softmax(1)
    return endpoints | {name: value for name, value in head.items() if name in wanted}


def _branch(branch: Sequence[Layer], x: Tensor, compute: Compute) -> Tensor:
    """The output of one branch of a block.

    A mean over neighbours and a 1 x 1 convolution may change places, as both are linear and the mean's shares
    sum to one. Behind it the mean is over a fifth of the channels, and a GPU takes long for means.
    """
    pool = None
    for layer in branch:
        if layer.op == "avg_pool":
            pool = layer
        elif layer.op == "max_pool":
            x = pooled(layer, x)
        else:
            x, pool = compute(layer, x, pool), None
    return x


def conv(x: Tensor, layer: Layer, kernel: Tensor, bias: Tensor | None = None) -> Tensor:
    """`x` NCHW by a kernel OIHW, padded as the table says."""
    x, padding = padded(x, layer)
    return convolution(x, kernel, bias, layer.stride, padding)


def _oihw(kernel: Tensor) -> Tensor:
    return kernel.permute(3, 2, 0, 1)


def padded(x: Tensor, layer: Layer) -> tuple[Tensor, tuple[int, int]]:
    """SAME padding: where it is symmetric for every size it is left to the operator, as its `padding`."""
    if layer.stride == 1:
        return x, (layer.kernel // 2, layer.kernel // 2)
    (top, bottom), (left, right) = (same_padding(size, layer.kernel, layer.stride) for size in x.shape[2:])
    return F.pad(x, (left, right, top, bottom)), (0, 0)
