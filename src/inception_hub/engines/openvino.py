"""The table as an OpenVINO graph, for inference on CPUs.

Built directly from the architecture and the weights: batch norm folded, the separable stem composed
into one dense convolution, the scaling from [0, 1] to [-1, 1] inside the graph. Any batch, any size;
each image size is compiled once, at a fixed height and width, and kept.
"""

import hashlib
import threading
import warnings
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cached_property
from io import BytesIO
from typing import Any, Literal

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
)
from ..bundle import Graph
from ..errors import FormatError
from ..graphs import Graphs
from ..weights import Weights, fold

Precision = Literal["f32", "bf16", "int8"]
Images = NDArray[np.float32]
Folded = Mapping[str, tuple[NDArray[np.float32], NDArray[np.float32]]]  # kernel and bias by layer

HINTS = {"f32": ov.Type.f32, "bf16": ov.Type.bf16, "int8": ov.Type.f32}  # int8 stands in the graph itself
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
    the graph that `quantize` made, with f32 beside it for a CPU that cannot compute it. `cores`: how many to
    use, None for all.
    """

    def __init__(
        self,
        architecture: Architecture,
        weights: Weights,
        precision: Precision = "f32",
        int8: Graph | None = None,
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
        # A folder of photos can wait for the compiler; one photo cannot.
        kept = self._graphs
        if kept is None or throughput or len(endpoints) > 1 or (height, width) != kept.size:
            return self._core.compile_model(self._graph(height, width, endpoints), "CPU", properties)
        made_by = (str(BUILT), ov.get_version(), self._machine)
        what = " ".join((*made_by, self.precision, self._int8_sha256, *endpoints))
        if found := kept.load(what):
            with suppress(RuntimeError):
                return self._core.import_model(BytesIO(found), "CPU", properties)
        compiled = self._core.compile_model(self._graph(height, width, endpoints), "CPU", properties)
        kept.store(what, compiled.export_model().getvalue())
        return compiled

    def _graph(self, height: int, width: int, endpoints: tuple[str, ...]) -> ov.Model:
        if self._int8 is None:
            return build(self.architecture, self._folded, height, width, endpoints)
        whole = self._core.read_model(self._int8.description, self._int8.constants)
        whole.reshape([-1, height, width, 3])
        try:
            return expose(whole, endpoints)
        except KeyError as error:
            raise FormatError(
                f"The module's int8 graph has no {error.args[0]}; take another precision, or quantize a copy "
                "of the module without int8.xml."
            ) from error

    @property
    def _machine(self) -> str:
        return str(self._core.get_property("CPU", "FULL_DEVICE_NAME"))

    @property
    def _int8_sha256(self) -> str:
        return hashlib.sha256(self._int8.description + self._int8.constants).hexdigest() if self._int8 else ""

    @cached_property
    def _folded(self) -> Folded:
        return fold_all(self.architecture, self._weights)

    def _computable(self, precision: Precision) -> Precision:
        """`precision`, or f32 and a warning on a CPU without instructions for it."""
        if CAPABILITIES[precision] in self._core.get_property("CPU", "OPTIMIZATION_CAPABILITIES"):
            return precision
        warnings.warn(
            f"This CPU has no instructions for {precision}; it answers in f32.",
            stacklevel=4,
        )
        return "f32"


def fold_all(architecture: Architecture, weights: Weights) -> Folded:
    """Every layer with weights as a dense kernel and a bias."""
    return {layer.name: fold(layer, weights) for layer in architecture.layers if layer.variables}


def build(
    architecture: Architecture,
    folded: Folded,
    height: int,
    width: int,
    endpoints: Sequence[str],
) -> ov.Model:
    """The graph for images of `height` x `width`: input `images`, one output per name in `endpoints`."""
    images = op.parameter([-1, height, width, 3], np.float32, name="images")
    images.output(0).set_names({"images"})
    # Scaled while still NHWC: three channels fill no vector once they are an axis of their own.
    x = op.subtract(op.multiply(images, np.float32(2)), np.float32(1))
    x = op.transpose(x, np.array([0, 3, 1, 2])).output(0)
    for block in architecture.blocks:
        ends: list[ov.Output] = []
        for branch in block.branches:
            y = x
            for layer in branch:
                y = _layer(layer, y, folded)
            ends.append(y)
        x = ends[0] if len(ends) == 1 else op.concat(ends, 1).output(0)
        x.get_node().set_friendly_name(block.name)
    pooled = op.reduce_mean(x, np.array([2, 3]), keep_dims=True)
    pooled.set_friendly_name(GLOBAL_POOL)
    last = op.squeeze(pooled, np.array([2, 3]))
    last.set_friendly_name(FEATURES)
    if architecture.logits_layer:
        kernel, bias = folded[architecture.logits_layer.name]
        last = op.add(op.matmul(last, kernel[0, 0], False, False), bias[None])
        last.set_friendly_name(LOGITS)
    last.output(0).set_names({last.get_friendly_name()})  # else the result's own name stays with it
    return expose(model([op.result(last)], [images]), endpoints)


def expose(whole: ov.Model, endpoints: Sequence[str]) -> ov.Model:
    """`whole`, made by `build` and perhaps quantized, with these outputs and nothing they do not need."""
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


def _layer(layer: Layer, x: ov.Output, folded: Folded) -> ov.Output:
    strides, kernel, none = [layer.stride] * 2, [layer.kernel] * 2, [0, 0]
    if layer.op == "max_pool":  # its second output holds the positions
        return op.max_pool(x, strides, [1, 1], none, none, kernel, auto_pad=SAME).output(0)
    if layer.op == "avg_pool":
        return op.avg_pool(x, strides, none, none, kernel, exclude_pad=True, auto_pad=SAME).output(0)
    weights, bias = folded[layer.name]
    y = op.convolution(x, weights.transpose(3, 2, 0, 1).copy(), strides, none, none, [1, 1], auto_pad=SAME)
    return op.relu(op.add(y, bias[None, :, None, None])).output(0)
