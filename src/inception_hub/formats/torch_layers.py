"""The layers of a PyTorch program in each of its precisions: as trained, in int8."""

import numpy as np
import torch
import torch.ao.quantization.fx._decomposed  # registers the operators of rounding
import torch.nn.functional as F
from torch import Tensor, nn

from ..architecture import BATCH_NORM_EPSILON, GLOBAL_POOL, LOGITS_LAYER, Architecture, Layer
from ..engines.int8 import SCALED, Int8
from ..engines.torch import padded
from ..weights import Weights
from . import int8_steps
from .layouts import HEAD, to_oihw

LOWEST, HIGHEST = -128, 127  # of int8


class Layers(nn.Module):
    """As trained: weights in float32 under TF-Slim's names, kernels OIHW.

    Batch norm has no scale; ones stand for it, as converters look for one.
    """

    def __init__(self, architecture: Architecture, weights: Weights) -> None:
        super().__init__()
        for name in architecture.variables:
            self.register_buffer(name, torch.from_numpy(to_oihw(name, weights[name])))
        for channels in sorted({layer.out_channels for layer in architecture.layers}):
            self.register_buffer(_ones(channels), torch.ones(channels))

    def images(self, x: Tensor) -> Tensor:
        """The scaled images as the first layer takes them."""
        return x

    def convolved(self, layer: Layer, x: Tensor) -> Tensor:
        """A convolution with its bias or batch norm."""
        get = self.get_buffer
        x, padding = padded(x, layer)
        if layer.op == "separable_conv":
            x = F.conv2d(x, get(layer.depthwise_weights), None, layer.stride, padding, 1, layer.in_channels)
            return F.conv2d(x, get(layer.pointwise_weights), get(layer.biases))
        x = F.conv2d(x, get(layer.weights), None, layer.stride, padding)
        mean, variance, ones = map(get, (layer.moving_mean, layer.moving_variance, _ones(layer.out_channels)))
        return F.batch_norm(x, mean, variance, ones, get(layer.beta), eps=BATCH_NORM_EPSILON)

    def ended(self, layer: Layer, x: Tensor) -> Tensor:
        """The output of a layer other than a max pool, as the next one takes it."""
        return x

    def like(self, name: str, x: Tensor) -> Tensor:
        """The output of the max pool or the concatenation `name`, which has values of its inputs only."""
        return x

    def logits(self, features: Tensor) -> Tensor:
        """[batch, classes] of the pooled features [batch, features]."""
        return torch.addmm(self.get_buffer(f"{LOGITS_LAYER}/biases"), features, self.head_kernel())

    def head_kernel(self) -> Tensor:
        """[features, classes]."""
        return self.get_buffer(HEAD)


def _ones(channels: int) -> str:
    return f"ones_{channels}"


class Int8Layers(Layers):
    """The int8 arrays of a module as pairs of quantizing and dequantizing, which converters look for.

    Activations are rounded to 256 even steps. Kernels are the floats that the int8 ones stand for, quantized
    within the program, as LiteRT's converter takes no others. Biases are float32: converters round them to
    steps of input and kernel multiplied.
    """

    def __init__(self, architecture: Architecture, int8: Int8) -> None:
        nn.Module.__init__(self)
        self._int8 = int8
        self._ranges = int8_steps.ranges(architecture, int8)
        for layer in architecture.layers:
            if layer.variables:
                self._register(layer.name)

    def _register(self, name: str) -> None:
        whole = int8_steps.whole(self._int8, name, self._ranges[name])
        kernel, scale = to_oihw(f"{name}/weights", whole.kernel), whole.scale.astype(np.float32)
        if name == LOGITS_LAYER:
            kernel = kernel.T.copy()
        kernel = kernel * scale.reshape(-1, *[1] * (kernel.ndim - 1))
        self.register_buffer(f"{name}/kernel", torch.from_numpy(kernel))
        self.register_buffer(f"{name}/scale", torch.from_numpy(scale))
        self.register_buffer(f"{name}/zeros", torch.zeros(len(scale), dtype=torch.int64))
        bias = (whole.bias * whole.bias_scale).astype(np.float32)
        self.register_buffer(f"{name}/bias", torch.from_numpy(bias))

    def images(self, x: Tensor) -> Tensor:
        """See `Layers`."""
        return _rounded(x, self._int8[f"{SCALED}/range"])

    def convolved(self, layer: Layer, x: Tensor) -> Tensor:
        """See `Layers`."""
        x, padding = padded(x, layer)
        kernel, bias = self._kernel(layer.name), self.get_buffer(f"{layer.name}/bias")
        return F.conv2d(x, kernel, bias, layer.stride, padding)

    def ended(self, layer: Layer, x: Tensor) -> Tensor:
        """See `Layers`."""
        return _rounded(x, self._int8[f"{layer.name}/range"])

    def like(self, name: str, x: Tensor) -> Tensor:
        """See `Layers`; rounding again to the same steps changes nothing, but lets integers pass."""
        return _rounded(x, self._ranges[name])

    def logits(self, features: Tensor) -> Tensor:
        """See `Layers`."""
        x = _rounded(features, self._int8[f"{GLOBAL_POOL}/range"])
        return F.linear(x, self._kernel(LOGITS_LAYER), self.get_buffer(f"{LOGITS_LAYER}/bias"))

    def head_kernel(self) -> Tensor:
        """See `Layers`."""
        return self._kernel(LOGITS_LAYER).T

    def _kernel(self, name: str) -> Tensor:
        kernel, *steps = (self.get_buffer(f"{name}/{part}") for part in ("kernel", "scale", "zeros"))
        limits = 0, LOWEST, HIGHEST, torch.int8
        kernel = torch.ops.quantized_decomposed.quantize_per_channel(kernel, *steps, *limits)
        return torch.ops.quantized_decomposed.dequantize_per_channel(kernel, *steps, *limits)


def _rounded(x: Tensor, limits: int8_steps.Range | None) -> Tensor:
    if limits is None:
        return x
    steps = (
        float(int8_steps.step(limits)),
        int8_steps.zero_point(limits) + LOWEST,
        LOWEST,
        HIGHEST,
        torch.int8,
    )
    whole = torch.ops.quantized_decomposed.quantize_per_tensor(x, *steps)
    return torch.ops.quantized_decomposed.dequantize_per_tensor(whole, *steps)
