"""The table as an OpenVINO graph, for inference on CPUs.

Built directly from the architecture and the weights: batch norm folded, the separable stem composed
into one dense convolution, the scaling from [0, 1] to [-1, 1] inside the graph. Any batch, any size;
each image size is compiled once, at a fixed height and width, and kept.
"""

import threading
from collections.abc import Sequence
from typing import Literal

import numpy as np
import openvino as ov
import openvino.opset13 as op
from numpy.typing import NDArray

from ..architecture import (
    GLOBAL_POOL,
    LOGITS,
    PREDICTIONS,
    Architecture,
    Layer,
    same_padding,
)
from ..weights import Weights, fold

Precision = Literal["f32", "bf16"]
Images = NDArray[np.float32]

HINTS = {"f32": ov.Type.f32, "bf16": ov.Type.bf16}
FEATURES = "feature_vector"  # the pooled endpoint without its two axes of length one


class Network:
    """Inception V2 with `weights` (Slim's names and shapes, float32), on the CPU.

    `precision` is always set explicitly: left alone OpenVINO takes bfloat16 where the CPU has it.
    """

    def __init__(self, architecture: Architecture, weights: Weights, precision: Precision = "f32") -> None:
        self.architecture = architecture
        self.precision = precision
        self._folded = {layer.name: fold(layer, weights) for layer in architecture.layers if layer.variables}
        self._core = ov.Core()
        self._compiled: dict[tuple[int, int, tuple[str, ...]], ov.CompiledModel] = {}
        self._lock = threading.Lock()

    def __call__(self, images: Images, endpoints: Sequence[str]) -> dict[str, NDArray[np.float32]]:
        """The named endpoints, NHWC, for `images` float32 [batch, height, width, 3] in [0, 1]."""
        compiled = self.compiled(images.shape[1], images.shape[2], tuple(endpoints))
        request = compiled.create_infer_request()
        request.infer([images])
        return {name: np.array(request.get_output_tensor(i).data) for i, name in enumerate(endpoints)}

    def compiled(self, height: int, width: int, endpoints: tuple[str, ...]) -> ov.CompiledModel:
        """The compiled graph for images of `height` x `width`, any batch, with these outputs in order."""
        key = (height, width, endpoints)
        with self._lock:
            if key not in self._compiled:
                graph = build(self.architecture, self._folded, height, width, endpoints)
                self._compiled[key] = self._core.compile_model(
                    graph,
                    "CPU",
                    {"INFERENCE_PRECISION_HINT": HINTS[self.precision], "PERFORMANCE_HINT": "LATENCY"},
                )
            return self._compiled[key]


def build(
    architecture: Architecture,
    folded: dict[str, tuple[NDArray[np.float32], NDArray[np.float32]]],
    height: int,
    width: int,
    endpoints: Sequence[str],
) -> ov.Model:
    """The graph for images of `height` x `width`: input `images`, one output per name in `endpoints`."""
    images = op.parameter([-1, height, width, 3], np.float32, name="images")
    images.output(0).set_names({"images"})
    x = op.transpose(images, np.array([0, 3, 1, 2]))
    x = op.subtract(op.multiply(x, np.float32(2)), np.float32(1)).output(0)
    outputs: dict[str, ov.Node] = {}
    sizes = (height, width)
    for block in architecture.blocks:
        ends: list[ov.Output] = []
        for branch in block.branches:
            y, inner = x, sizes
            for layer in branch:
                y = _layer(layer, y, inner, folded)
                inner = (-(-inner[0] // layer.stride), -(-inner[1] // layer.stride))
            ends.append(y)
        x = ends[0] if len(ends) == 1 else op.concat(ends, 1).output(0)
        sizes = (-(-sizes[0] // block.stride), -(-sizes[1] // block.stride))
        outputs[block.name] = op.transpose(x, np.array([0, 2, 3, 1]))
    pooled = op.reduce_mean(x, np.array([2, 3]), keep_dims=True)
    outputs[GLOBAL_POOL] = op.transpose(pooled, np.array([0, 2, 3, 1]))
    outputs[FEATURES] = op.squeeze(pooled, np.array([2, 3]))
    if architecture.logits_layer:
        kernel, bias = folded[architecture.logits_layer.name]
        outputs[LOGITS] = op.add(op.matmul(outputs[FEATURES], kernel[0, 0], False, False), bias[None])
        outputs[PREDICTIONS] = op.softmax(outputs[LOGITS], 1)
    results = [op.result(outputs[name]) for name in endpoints]
    return ov.Model(results, [images], "inception_v2")  # pyright: ignore[reportGeneralTypeIssues] - their stubs


def _layer(
    layer: Layer,
    x: ov.Output,
    sizes: tuple[int, int],
    folded: dict[str, tuple[NDArray[np.float32], NDArray[np.float32]]],
) -> ov.Output:
    (top, bottom), (left, right) = (same_padding(size, layer.kernel, layer.stride) for size in sizes)
    strides, begin, end, kernel = [layer.stride] * 2, [top, left], [bottom, right], [layer.kernel] * 2
    if layer.op == "max_pool":
        return op.max_pool(x, strides, [1, 1], begin, end, kernel).output(
            0
        )  # its second output holds the positions
    if layer.op == "avg_pool":
        return op.avg_pool(x, strides, begin, end, kernel, exclude_pad=True).output(0)
    weights, bias = folded[layer.name]
    y = op.convolution(x, weights.transpose(3, 2, 0, 1).copy(), strides, begin, end, [1, 1])
    return op.relu(op.add(y, bias[None, :, None, None])).output(0)
