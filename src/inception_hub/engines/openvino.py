"""The table as an OpenVINO graph, for inference on CPUs.

Built directly from the architecture and the weights: batch norm folded, the separable stem composed
into one dense convolution, the scaling from [0, 1] to [-1, 1] inside the graph. Any batch, any size;
each image size is compiled once, at a fixed height and width, and kept.
"""

import threading
import warnings
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from io import BytesIO
from typing import Any, Literal

import numpy as np
import openvino as ov
import openvino.opset13 as op
from numpy.typing import NDArray

from ..architecture import GLOBAL_POOL, LOGITS, PREDICTIONS, Architecture, Layer
from ..weights import Weights, fold, identity
from .compiled_graphs import Graphs
from .int8 import SCALED, Int8, rounded

Precision = Literal["f32", "bf16", "int8"]
Images = NDArray[np.float32]

HINTS = {"f32": ov.Type.f32, "bf16": ov.Type.bf16, "int8": ov.Type.f32}  # what is int8 stands in the graph
CAPABILITIES = {"f32": "FP32", "bf16": "BF16", "int8": "INT8"}  # as OpenVINO calls them
BUILT = 2  # to be raised when `build` or `fold` change what they make: graphs kept before then count as none
SAME = "same_upper"  # TF's SAME: the odd one out goes to the bottom and right
FEATURES = "feature_vector"  # the pooled endpoint without its two axes of length one

# OpenVINO's binding looks NumPy up when it first makes an array. Two threads that are first at once can wait
# for ever, one for C++'s guard and one for Python's lock: so it is done here, in one.
_ = ov.Tensor(np.zeros(1, np.float32)).data


class Network:
    """Inception V2 with `weights` (Slim's names and shapes, float32), on the CPU.

    `precision` is always set explicitly: left alone OpenVINO takes bfloat16 where the CPU has it. `int8` is
    what `quantize` made of them, with f32 beside it for a CPU that cannot compute it. `cores`: how many to
    use, None for all.
    """

    def __init__(
        self,
        architecture: Architecture,
        weights: Weights,
        precision: Precision = "f32",
        int8: Int8 | None = None,
        graphs: Graphs | None = None,
        cores: int | None = None,
    ) -> None:
        self.architecture = architecture
        self._cores = cores
        self._core = ov.Core()
        self.precision: Precision = self._computable(precision)
        self._int8 = int8 if self.precision == "int8" else None
        self._weights = weights
        self._graphs = graphs
        self._compiled: dict[tuple[int, int, tuple[str, ...], bool], ov.CompiledModel] = {}
        self._idle: defaultdict[ov.CompiledModel, list[ov.InferRequest]] = defaultdict(list)
        self._lock = threading.Lock()

    def __call__(
        self, images: Images, endpoints: Sequence[str], throughput: bool = False
    ) -> dict[str, NDArray[np.float32]]:
        """The named endpoints, NHWC, for `images` float32 [batch, height, width, 3] in [0, 1].

        A call gets all cores; with `throughput` it gets a share of them, for several calls at once.
        """
        compiled = self.compiled(images.shape[1], images.shape[2], tuple(endpoints), throughput)
        # A request holds the memory of a whole pass; a fresh one for every call would be paged in anew.
        idle = self._idle[compiled]
        try:
            request = idle.pop()
        except IndexError:
            request = compiled.create_infer_request()
        request.infer([images])
        found = {name: np.array(request.get_output_tensor(i).data) for i, name in enumerate(endpoints)}
        idle.append(request)
        return found

    def compiled(
        self, height: int, width: int, endpoints: tuple[str, ...], throughput: bool = False
    ) -> ov.CompiledModel:
        """The compiled graph for images of `height` x `width`, any batch, with these outputs in order."""
        key = (height, width, endpoints, throughput)
        with self._lock:
            if key not in self._compiled:
                self._compiled[key] = self._load(*key)
            return self._compiled[key]

    def _load(
        self, height: int, width: int, endpoints: tuple[str, ...], throughput: bool
    ) -> ov.CompiledModel:
        properties: dict[str, Any] = {
            "INFERENCE_PRECISION_HINT": HINTS[self.precision],
            "PERFORMANCE_HINT": "THROUGHPUT" if throughput else "LATENCY",
        }
        if self._cores is not None:
            properties["INFERENCE_NUM_THREADS"] = self._cores
            properties["ENABLE_CPU_PINNING"] = False  # else all processes of a machine share its first cores
        # A folder of photos can wait for the compiler; one photo cannot.
        kept = self._graphs
        if kept is None or throughput or len(endpoints) > 1 or (height, width) != kept.size:
            return self._core.compile_model(self._graph(height, width, endpoints), "CPU", properties)
        made_by = (str(BUILT), ov.get_version(), self._machine)
        what = " ".join((*made_by, self.precision, self._int8_identity, *endpoints))
        if found := kept.load(what):
            with suppress(RuntimeError):
                return self._core.import_model(BytesIO(found), "CPU", properties)
        compiled = self._core.compile_model(self._graph(height, width, endpoints), "CPU", properties)
        kept.store(what, compiled.export_model().getvalue())
        return compiled

    def _graph(self, height: int, width: int, endpoints: tuple[str, ...]) -> ov.Model:
        return build(self.architecture, self._parts, height, width, endpoints)

    @property
    def _machine(self) -> str:
        return str(self._core.get_property("CPU", "FULL_DEVICE_NAME"))

    @property
    def _int8_identity(self) -> str:
        return "" if self._int8 is None else identity(self._int8)

    @cached_property
    def _parts(self) -> "Parts":
        if self._int8 is not None:
            return int8_parts(self.architecture, self._int8)
        return float_parts(self.architecture, self._weights)

    def _computable(self, precision: Precision) -> Precision:
        """`precision`, or f32 and a warning on a CPU without instructions for it."""
        if CAPABILITIES[precision] in self._core.get_property("CPU", "OPTIMIZATION_CAPABILITIES"):
            return precision
        warnings.warn(
            f"This CPU has no instructions for {precision}; it answers in f32.",
            stacklevel=4,
        )
        return "f32"


@dataclass(frozen=True)
class Dense:
    """A layer with weights as one kernel (HWIO), float32 or int8, and a bias; `scale`, [out], is int8's."""

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
    """What `build` puts into the table: layers with weights, and the ranges of what is rounded, by name."""

    layers: Mapping[str, Dense]
    ranges: Mapping[str, NDArray[np.float32]] = field(default_factory=dict)


def float_parts(architecture: Architecture, weights: Weights) -> Parts:
    """Batch norm folded; nothing is rounded."""
    layers = (layer for layer in architecture.layers if layer.variables)
    return Parts({layer.name: Dense(*fold(layer, weights)) for layer in layers})


def int8_parts(architecture: Architecture, int8: Int8) -> Parts:
    """What `quantize` found."""
    names = [layer.name for layer in architecture.layers if layer.variables]
    return Parts(
        {n: Dense(int8[f"{n}/weights"], int8[f"{n}/biases"], int8[f"{n}/scale"]) for n in names},
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
            last, Dense(head.kernel[0, 0], head.bias, head.scale).oriented(0, 1), False, False
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
    """A graph from its ends and its beginnings."""
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
