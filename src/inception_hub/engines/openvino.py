"""The engine on OpenVINO, for inference on CPUs and other devices of Intel's.

Graphs are compiled once for each image size, and kept. The graph itself is built in `openvino_graph`.
"""

import os
import threading
import warnings
from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from functools import cached_property
from typing import Any, Never

import numpy as np
import openvino as ov
from numpy.typing import NDArray

from ..architecture import BATCH_NORM_MOMENTUM, Architecture
from ..errors import ArgumentError, InputError
from ..inputs import numpy_images
from ..weights import Weights, identity
from .engine import EngineName, EngineOptions, Precision, is_torch_tensor
from .int8 import Int8
from .openvino_core import CORE
from .openvino_graph import Parts, build, float_parts, int8_parts

HINTS = {"f32": ov.Type.f32, "bf16": ov.Type.bf16, "int8": ov.Type.f32}  # what is int8 stands in the graph
CAPABILITIES = {"f32": "FP32", "bf16": "BF16", "int8": "INT8"}  # as OpenVINO calls them
BUILT = 2  # to be raised when `build` or `fold` change what they make: graphs kept before then count as none

# OpenVINO's binding looks NumPy up when it first makes an array. Two threads that are first at once can wait
# for ever, one for C++'s guard and one for Python's lock: so it is done here, in one.
_ = ov.Tensor(np.zeros(1, np.float32)).data


class OpenVINOEngine:
    """See `Engine`. The precision is always set explicitly: left alone OpenVINO takes bfloat16 where it can.

    A device without instructions for the precision computes in f32, with a warning; one without those for f32
    is refused.
    """

    name: EngineName = "openvino"

    @staticmethod
    def computes(precision: Precision, device: str | None) -> bool:
        """See `Engine.computes`."""
        return CAPABILITIES[precision] in CORE.get_property(plugin(device), "OPTIMIZATION_CAPABILITIES")

    def __init__(
        self, architecture: Architecture, weights: Weights, int8: Int8 | None, options: EngineOptions
    ) -> None:
        self.architecture = architecture
        self._weights = weights
        self._cores = options.cores
        self._plugin = plugin(options.device)
        self.precision: Precision = self._computable(options.precision, options.device)
        self._int8 = int8 if self.precision == "int8" else None
        self._cache = options.compiled_graphs
        self._compiled: dict[tuple[int, int, int, tuple[str, ...], bool], ov.CompiledModel] = {}
        self._mapped: list[NDArray[np.uint8]] = []
        self._idle: defaultdict[ov.CompiledModel, list[ov.InferRequest]] = defaultdict(list)
        self._lock = threading.Lock()

    def __reduce__(self) -> Never:
        """Refuses to be pickled or copied in depth: compiled graphs belong to their process."""
        raise InputError(
            "A module on OpenVINO can be neither pickled nor copied in depth; pickle its handle or its spec, "
            "and make hub.Module(spec) where it is used."
        )

    def endpoints(
        self,
        images: Any,
        names: Sequence[str],
        *,
        momentum: float = BATCH_NORM_MOMENTUM,
        share_cores: bool = False,
    ) -> dict[str, NDArray[np.float32]]:
        """See `Engine.endpoints`; `momentum` is of no use here, where no statistics move."""
        if is_torch_tensor(images):
            raise InputError(
                "'images' is a torch tensor and this module runs on OpenVINO; give a NumPy array, "
                "or construct the module with engine='torch'."
            )
        array = numpy_images(images)
        compiled = self.compiled(array.shape[1], array.shape[2], tuple(names), share_cores)
        # A request holds the memory of a whole pass; a fresh one for every call would be paged in anew.
        idle = self._idle[compiled]
        try:
            request = idle.pop()
        except IndexError:
            request = compiled.create_infer_request()
        request.infer([array])
        outputs = {name: np.array(request.get_output_tensor(i).data) for i, name in enumerate(names)}
        idle.append(request)
        return outputs

    def variable_map(self) -> dict[str, NDArray[np.float32]]:
        """Read-only arrays, sorted by name."""
        arrays = {name: self._weights[name].view() for name in sorted(self.architecture.variables)}
        for array in arrays.values():
            array.flags.writeable = False
        return arrays

    def weights(self) -> dict[str, NDArray[np.float32]]:
        """The variables, which do not change."""
        return self.variable_map()

    def trainable_variables(self) -> list[Any]:
        """None: this engine does not train."""
        return []

    def regularization_losses(self) -> list[Any]:
        """None: this engine does not train."""
        return []

    def compiled(
        self, height: int, width: int, names: tuple[str, ...], share_cores: bool = False
    ) -> ov.CompiledModel:
        """The compiled graph for images of `height` x `width`, any batch, with these outputs in order."""
        # Not a forked process's: the threads of its graphs, for which it would wait, are its parent's.
        key = (os.getpid(), height, width, names, share_cores)
        with self._lock:
            if key not in self._compiled:
                self._compiled[key] = self._load(height, width, names, share_cores)
            return self._compiled[key]

    def _load(self, height: int, width: int, names: tuple[str, ...], share_cores: bool) -> ov.CompiledModel:
        properties: dict[str, Any] = {
            "INFERENCE_PRECISION_HINT": HINTS[self.precision],
            "PERFORMANCE_HINT": "THROUGHPUT" if share_cores else "LATENCY",
        }
        if self._cores is not None and self._plugin == "CPU":
            properties["INFERENCE_NUM_THREADS"] = self._cores
            properties["ENABLE_CPU_PINNING"] = False  # else all processes of a machine share its first cores
        # A folder of photos can wait for the compiler; one photo cannot.
        cache = self._cache
        if cache is None or share_cores or len(names) > 1 or (height, width) != cache.size:
            return CORE.compile_model(self._graph(height, width, names), self._plugin, properties)
        made_by = (str(BUILT), ov.get_version(), self._machine)
        key = " ".join((*made_by, self.precision, self._int8_identity, *names))
        if (graph := cache.load(key)) is not None:
            with suppress(RuntimeError):
                compiled = CORE.import_model(ov.Tensor(graph, shared_memory=True), self._plugin, properties)
                self._mapped.append(graph)  # OpenVINO does not say whether it still reads it
                return compiled
        compiled = CORE.compile_model(self._graph(height, width, names), self._plugin, properties)
        cache.store(key, compiled.export_model().getvalue())
        return compiled

    def _graph(self, height: int, width: int, names: tuple[str, ...]) -> ov.Model:
        return build(self.architecture, self._parts, height, width, names)

    @property
    def _machine(self) -> str:
        return str(CORE.get_property(self._plugin, "FULL_DEVICE_NAME"))

    @property
    def _int8_identity(self) -> str:
        return "" if self._int8 is None else identity(self._int8)

    @cached_property
    def _parts(self) -> Parts:
        if self._int8 is not None:
            return int8_parts(self.architecture, self._int8)
        return float_parts(self.architecture, self._weights)

    def _computable(self, precision: Precision, device: str | None) -> Precision:
        """`precision`, or f32 and a warning on a device without instructions for it."""
        if self.computes(precision, device):
            return precision
        if not self.computes("f32", device):
            raise ArgumentError(
                f"device is {device!r}, which has no float32 arithmetic here; give another, or leave it out."
            )
        warnings.warn(
            f"This {self._plugin} has no instructions for {precision}; it computes in f32.",
            stacklevel=4,
        )
        return "f32"


def plugin(device: str | None) -> str:
    """OpenVINO's name of `device`; None is the CPU. Raises `ArgumentError` where there is none."""
    name = (device or "cpu").upper()
    if name != "CPU":
        there = CORE.available_devices
        if name not in {each.partition(".")[0] for each in there}:  # several are GPU.0, GPU.1
            raise ArgumentError(
                f"device is {device!r}, and OpenVINO finds {', '.join(there)} alone here; install the "
                "device's driver, or leave it out."
            )
    return name
