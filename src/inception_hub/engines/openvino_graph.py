"""The table as an OpenVINO graph, for inference on CPUs.

Built directly from the architecture and the weights: batch norm folded, the separable stem composed into one
dense convolution, the scaling from [0, 1] to [-1, 1] inside the graph. Any batch; a fixed or any size.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import openvino as ov
import openvino.opset13 as op
from numpy.typing import NDArray

from ..architecture import GLOBAL_POOL, LOGITS, PREDICTIONS, Architecture, Layer
from ..weights import Weights, fold
from .int8 import SCALED, Int8, rounded

SAME = "same_upper"  # TF's SAME: the odd one out goes to the bottom and right
FEATURES = "feature_vector"  # the pooled endpoint without its two axes of length one


@dataclass(frozen=True)
class FoldedLayer:
    """A layer with weights as one kernel (HWIO) and a bias, batch norm folded in.

    `kernel`: float32, or int8 with a `scale` of shape [out], which makes floats of it again.
    """

    kernel: NDArray[Any]
    bias: NDArray[np.float32]
    scale: NDArray[np.float32] | None = None

    def oriented(self, *axes: int) -> ov.Output:
        """The kernel with its axes in another order, as float32."""
        kernel = op.constant(np.ascontiguousarray(self.kernel.transpose(axes)))
        if self.scale is None:
            return kernel.output(0)
        shape = [-1 if axis == self.kernel.ndim - 1 else 1 for axis in axes]
        return op.multiply(op.convert(kernel, np.float32), self.scale.reshape(shape)).output(0)


@dataclass(frozen=True)
class Parts:
    """What `build` puts into the table: folded layers, and [low, high] of each rounded tensor, by name."""

    layers: Mapping[str, FoldedLayer]
    ranges: Mapping[str, NDArray[np.float32]] = field(default_factory=dict)


def float_parts(architecture: Architecture, weights: Weights) -> Parts:
    """The layers of float32 `weights`; nothing is rounded."""
    layers = (layer for layer in architecture.layers if layer.variables)
    return Parts({layer.name: FoldedLayer(*fold(layer, weights)) for layer in layers})


def int8_parts(architecture: Architecture, int8: Int8) -> Parts:
    """The layers and ranges of an int8 network."""
    names = [layer.name for layer in architecture.layers if layer.variables]
    return Parts(
        {n: FoldedLayer(int8[f"{n}/weights"], int8[f"{n}/biases"], int8[f"{n}/scale"]) for n in names},
        {name: int8[f"{name}/range"] for name in rounded(architecture)},
    )


def build(
    architecture: Architecture,
    parts: Parts,
    height: int,
    width: int,
    endpoints: Sequence[str],
) -> ov.Model:
    """The graph for images of `height` x `width`: input `images`, one output per name in `endpoints`."""

    def named(node: ov.Node, name: str) -> ov.Output:
        """Its output, in 256 steps if it has a range."""
        node.set_friendly_name(name)
        if name not in parts.ranges:
            return node.output(0)
        low, high = parts.ranges[name]
        return op.fake_quantize(node.output(0), low, high, low, high, 256).output(0)

    images = op.parameter([-1, height, width, 3], np.float32, name="images")
    images.output(0).set_names({"images"})
    # Scaled while still NHWC: three channels fill no vector once they are an axis of their own.
    scaled = named(op.subtract(op.multiply(images, np.float32(2)), np.float32(1)), SCALED)
    x = op.transpose(scaled, np.array([0, 3, 1, 2])).output(0)
    for block in architecture.blocks:
        ends: list[ov.Output] = []
        for branch in block.branches:
            y = x
            for layer in branch:
                y = named(_layer(layer, y, parts), layer.name)
            ends.append(y)
        if len(ends) == 1:  # a block of one layer, which has its name
            (x,) = ends
        else:
            x = named(op.concat(ends, 1), block.name)
    pooled = named(op.reduce_mean(x, np.array([2, 3]), keep_dims=True), GLOBAL_POOL)
    last = named(op.squeeze(pooled, np.array([2, 3])), FEATURES)
    if architecture.logits_layer:
        head = parts.layers[architecture.logits_layer.name]
        product = op.matmul(
            last, FoldedLayer(head.kernel[0, 0], head.bias, head.scale).oriented(0, 1), False, False
        )
        last = named(op.add(product, head.bias[None]), LOGITS)
    last.set_names({last.get_node().get_friendly_name()})  # else the result's own name stays with it
    return expose(model([op.result(last)], [images]), endpoints)


def expose(whole: ov.Model, endpoints: Sequence[str]) -> ov.Model:
    """`whole`, as made by `build`, with these outputs and nothing they do not need."""
    ends = {node.get_friendly_name(): node.output(0) for node in whole.get_ops()}
    results: list[ov.Node] = []
    for name in endpoints:
        end = op.softmax(ends[LOGITS], 1).output(0) if name == PREDICTIONS else ends[name]
        if len(end.get_partial_shape()) == 4:
            end = op.transpose(end, np.array([0, 2, 3, 1])).output(0)
        end.set_names({name})
        results.append(op.result(end))
    return model(results, whole.get_parameters())


def model(results: list[ov.Node], parameters: list[ov.Node]) -> ov.Model:
    """A graph from its results and its parameters."""
    return ov.Model(results, parameters, "inception_v2")  # pyright: ignore - their stubs


def _layer(layer: Layer, x: ov.Output, parts: Parts) -> ov.Node:
    strides, kernel, none = [layer.stride] * 2, [layer.kernel] * 2, [0, 0]
    if layer.op == "max_pool":
        return op.max_pool(x, strides, [1, 1], none, none, kernel, auto_pad=SAME)
    if layer.op == "avg_pool":
        return op.avg_pool(x, strides, none, none, kernel, exclude_pad=True, auto_pad=SAME)
    dense = parts.layers[layer.name]
    y = op.convolution(x, dense.oriented(3, 2, 0, 1), strides, none, none, [1, 1], auto_pad=SAME)
    return op.relu(op.add(y, dense.bias[None, :, None, None]))
