"""The layers of an ONNX graph in each of its precisions: as trained, in half precision, in int8."""

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ..architecture import BATCH_NORM_EPSILON, GLOBAL_POOL, LOGITS_LAYER, Layer
from ..bundle import Bundle
from ..engines.int8 import SCALED, Int8
from ..weights import fold
from . import int8_steps
from .layouts import HEAD, to_oihw
from .onnx_graph import FLOAT, FLOAT16, Graph
from .options import Options

# Not under TF-Slim's scope: what is folded is none of its variables, and cannot be read back.
FOLDED = "folded/"
UNKNOWN = np.full(2, np.nan, np.float32)  # the range of what is not rounded, equal to none

Window = dict[str, Any]  # attributes of a convolution or pool


class Layers(Protocol):
    """Adds to a graph what its precision decides. Arguments and results are names of tensors."""

    head_kernel: str  # [features, classes], in the feature map's dtype; only where there are classes

    def images(self, x: str) -> str:
        """The scaled images as the first layer takes them."""
        ...

    def convolved(self, layer: Layer, x: str, window: Window) -> str:
        """A convolution with its bias or batch norm."""
        ...

    def ended(self, layer: Layer, x: str) -> str:
        """The output of a layer other than a max pool, as the next one takes it."""
        ...

    def like(self, sources: list[str], x: str) -> str:
        """A max pool's or a concatenation's output: it has values of its `sources` only."""
        ...

    def logits(self, pooled: str) -> str:
        """Of the pooled features."""
        ...

    def output(self, x: str, name: str) -> None:
        """Gives `x` the name of an output, which is float32."""
        ...


def layers_of(graph: Graph, bundle: Bundle, options: Options) -> Layers:
    """The layers in the precision that `options` ask for."""
    if options.int8 and bundle.int8 is not None:
        return Int8Layers(graph, bundle.int8)
    return HalfLayers(graph, bundle) if options.fp16 else TrainedLayers(graph, bundle)


class TrainedLayers:
    """Kernels and batch norms as they are trained, under TF-Slim's names; runtimes fold them."""

    head_kernel = HEAD

    def __init__(self, graph: Graph, bundle: Bundle) -> None:
        self._graph = graph
        for name, array in bundle.weights.items():
            graph.constant(to_oihw(name, array), name)

    def images(self, x: str) -> str:
        """See `Layers`."""
        return x

    def convolved(self, layer: Layer, x: str, window: Window) -> str:
        """See `Layers`."""
        add = self._graph.add
        if layer.op == "separable_conv":
            x = add("Conv", [x, layer.depthwise_weights], group=layer.in_channels, **window)
            return add("Conv", [x, layer.pointwise_weights, layer.biases], kernel_shape=[1, 1])
        x = add("Conv", [x, layer.weights], **window)
        ones = self._graph.constant(np.ones(layer.out_channels, np.float32), f"ones_{layer.out_channels}")
        normal = [ones, layer.beta, layer.moving_mean, layer.moving_variance]
        return add("BatchNormalization", [x, *normal], epsilon=BATCH_NORM_EPSILON)

    def ended(self, layer: Layer, x: str) -> str:
        """See `Layers`."""
        return x

    def like(self, sources: list[str], x: str) -> str:
        """See `Layers`."""
        return x

    def logits(self, pooled: str) -> str:
        """See `Layers`."""
        return self._graph.add("Gemm", [pooled, HEAD, f"{LOGITS_LAYER}/biases"])

    def output(self, x: str, name: str) -> None:
        """See `Layers`."""
        self._graph.add("Identity", [x], name=name)


class HalfLayers:
    """Weights and computation in float16, batch norm folded in float64 before."""

    head_kernel = f"{FOLDED}{HEAD}"

    def __init__(self, graph: Graph, bundle: Bundle) -> None:
        self._graph = graph
        for layer in bundle.architecture.layers:
            if layer.variables:
                kernel, bias = fold(layer, bundle.weights)
                with np.errstate(over="ignore"):  # what is infinite then is refused by the check
                    graph.constant(to_oihw(layer.weights, kernel).astype(np.float16), FOLDED + layer.weights)
                    graph.constant(bias.astype(np.float16), FOLDED + layer.biases)

    def images(self, x: str) -> str:
        """See `Layers`."""
        return self._graph.add("Cast", [x], to=FLOAT16)

    def convolved(self, layer: Layer, x: str, window: Window) -> str:
        """See `Layers`."""
        return self._graph.add("Conv", [x, FOLDED + layer.weights, FOLDED + layer.biases], **window)

    def ended(self, layer: Layer, x: str) -> str:
        """See `Layers`."""
        return x

    def like(self, sources: list[str], x: str) -> str:
        """See `Layers`."""
        return x

    def logits(self, pooled: str) -> str:
        """See `Layers`."""
        return self._graph.add("Gemm", [pooled, self.head_kernel, f"{FOLDED}{LOGITS_LAYER}/biases"])

    def output(self, x: str, name: str) -> None:
        """See `Layers`."""
        self._graph.add("Cast", [x], name=name, to=FLOAT)


class Int8Layers:
    """The int8 arrays of a module in QDQ form.

    Activations are rounded to uint8, 256 even steps, by a pair of QuantizeLinear and DequantizeLinear; a
    convolution between two such pairs is one of integers in runtimes that have them.
    """

    def __init__(self, graph: Graph, int8: Int8) -> None:
        self._graph, self._int8 = graph, int8
        self._ranges: dict[str, NDArray[np.float32]] = {}  # of rounded tensors

    def images(self, x: str) -> str:
        """See `Layers`."""
        return self._rounded(x, self._int8[f"{SCALED}/range"])

    def convolved(self, layer: Layer, x: str, window: Window) -> str:
        """See `Layers`."""
        return self._graph.add("Conv", [x, *self._weights(layer.name, x, axis=0)], **window)

    def ended(self, layer: Layer, x: str) -> str:
        """See `Layers`."""
        return self._rounded(x, self._int8[f"{layer.name}/range"])

    def like(self, sources: list[str], x: str) -> str:
        """See `Layers`; rounding again to the same steps changes nothing, but lets integers pass."""
        ranges = [self._ranges.get(source, UNKNOWN) for source in sources]
        same = all(np.array_equal(each, ranges[0]) for each in ranges)
        return self._rounded(x, ranges[0]) if same else x

    def logits(self, pooled: str) -> str:
        """See `Layers`."""
        x = self._rounded(pooled, self._int8[f"{GLOBAL_POOL}/range"])
        kernel, bias = self._weights(LOGITS_LAYER, x, axis=1)
        self.head_kernel = kernel
        return self._graph.add("Gemm", [x, kernel, bias])

    def output(self, x: str, name: str) -> None:
        """See `Layers`."""
        self._graph.add("Identity", [x], name=name)

    def _rounded(self, x: str, limits: NDArray[np.float32]) -> str:
        scale, zero = int8_steps.step(limits), np.uint8(int8_steps.zero_point(limits))
        steps = [self._graph.constant(scale), self._graph.constant(zero)]
        whole = self._graph.add("QuantizeLinear", [x, *steps])
        result = self._graph.add("DequantizeLinear", [whole, *steps])
        self._ranges[result] = limits
        return result

    def _weights(self, name: str, x: str, axis: int) -> tuple[str, str]:
        """Kernel and bias by which the rounded `x` is multiplied, as float32 of integers."""
        given = int8_steps.whole(self._int8, name, self._ranges.get(x))
        kernel = to_oihw(f"{name}/weights", given.kernel)
        return (
            self._dequantized(kernel, given.scale, f"{name}/weights", axis),
            self._dequantized(given.bias, given.bias_scale, f"{name}/biases", 0),
        )

    def _dequantized(self, wholes: NDArray[Any], scale: NDArray[Any], name: str, axis: int) -> str:
        scales = self._graph.constant(scale.astype(np.float32), f"{FOLDED}{name}/scale")
        zeros = np.zeros(len(scale), wholes.dtype)
        zero = self._graph.constant(zeros, f"zeros_{zeros.dtype}_{len(zeros)}")
        kept = self._graph.constant(wholes, FOLDED + name)
        return self._graph.add("DequantizeLinear", [kept, scales, zero], axis=axis)
