"""The table in PyTorch for inference only: batch norm folded, one number format throughout, CUDA graphs.

https://docs.pytorch.org/docs/stable/notes/cuda.html#cuda-graphs: a pass over some seventy small layers is
bound by launching kernels, unless it is recorded once per shape and replayed.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from ..architecture import Layer
from ..weights import fold
from .arithmetic import exact_float32, fastest_kernels
from .fitting import Endpoints, Fitting
from .pooling import pooled
from .stem import kernel_of_squares, squares_of
from .torch import Network, padded, walk

# `compiled`: by torch.compile, which joins bias, ReLU, pools and concatenations into few kernels. `fused`:
# bias and ReLU within cuDNN's convolution. `plain`: an operator each. One that fails gives way to the next.
Way = Literal["compiled", "fused", "plain"]
WAYS: tuple[Way, ...] = ("compiled", "fused", "plain")
RECORDED = 4  # shapes and sets of endpoints; each keeps the memory of a whole pass
COMPILE_AFTER = 200_000 * 224 * 224  # pixels of one shape: computing them takes about as long as compiling


@dataclass
class _Recording:
    """A pass over images of one shape: it has one place for images and one for endpoints."""

    graph: torch.cuda.CUDAGraph
    given: Tensor
    endpoints: Endpoints
    way: Way
    pixels: int = 0  # computed so far


class InferenceNetwork:
    """`network` as it is now, for inference in `dtype`; folded anew once its variables have changed.

    `way` None: on CUDA `fused`, then `compiled` once inference for a shape took about as long as compiling it
    would; on CPUs `plain`. The `repr` says which way was taken.
    """

    def __init__(
        self, network: Network, dtype: torch.dtype = torch.float32, *, way: Way | None = None
    ) -> None:
        self._network = network
        self._dtype = dtype
        self._way: Way | None = way
        self._missing: set[Way] = set()
        self._folded: dict[str, tuple[Tensor, Tensor]] = {}
        self._state: tuple[int, ...] = ()
        self._lock = threading.Lock()
        self._recorded: OrderedDict[tuple[torch.Size, tuple[str, ...]], _Recording] = OrderedDict()
        self._compute_compiled: Callable[..., Endpoints] | None = None
        self._fitting = Fitting(self._forget)

    def __repr__(self) -> str:
        recorded = [f"{list(shape)} {kept.way}" for (shape, _), kept in self._recorded.items()]
        return f"InferenceNetwork({self._dtype}, recorded: {', '.join(recorded) or 'nothing'})"

    @torch.no_grad()
    def __call__(self, images: Tensor, names: Collection[str] | None = None) -> Endpoints:
        """Endpoints by their `names` (None: every one), NHWC, without gradients.

        `images`: float32 [batch, height, width, 3] in [0, 1], on any device. Features, logits and predictions
        are float32, the other endpoints of the dtype. A batch too large for the device's memory is computed
        in parts, with a warning once; raises `DeviceMemoryError` where one image is too large.
        """
        wanted = tuple(self._network.architecture.endpoint_names if names is None else names)
        return self._fitting(lambda part: self._compute_on_device(part, wanted), images)

    def _compute_on_device(self, images: Tensor, names: tuple[str, ...]) -> Endpoints:
        images = images.to(next(self._network.parameters()).device)
        with self._lock:
            self._refresh()
            if images.is_cuda:
                return self._replay(images, names)
        return self._run(self._way or "plain", images, names)

    def _forget(self) -> None:
        with self._lock:
            self._recorded.clear()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()

    def _refresh(self) -> None:
        # Not by `state_dict()`, which takes twice as long: this is asked before every call.
        variables = {**self._network._parameters, **self._network._buffers}
        # PyTorch counts what was written into a tensor; another tensor lies elsewhere.
        state = tuple(n for v in variables.values() for n in (v._version, v.data_ptr()))
        if state == self._state:
            return
        weights = {name: value.detach().cpu().numpy() for name, value in variables.items()}
        device = next(iter(variables.values())).device
        for layer in self._network.architecture.layers:
            if layer.variables:
                kernel, bias = fold(layer, weights)
                last = layer is self._network.architecture.logits_layer
                dtype = torch.float32 if last else self._dtype  # pooled features and logits stay exact
                oihw = torch.from_numpy(np.ascontiguousarray(kernel.transpose(3, 2, 0, 1)))
                if self._in_squares(layer):
                    oihw = kernel_of_squares(oihw)
                self._folded[layer.name] = (
                    oihw.to(device, dtype, memory_format=torch.channels_last),
                    torch.tensor(bias, dtype=dtype, device=device),
                )
        self._recorded.clear()
        self._state = state

    def _in_squares(self, layer: Layer) -> bool:
        return layer.op == "separable_conv" and self._dtype == torch.bfloat16

    def _run(self, way: Way, images: Tensor, names: tuple[str, ...]) -> Endpoints:
        """One pass, not recorded; the next way where one is missing."""
        if way == "compiled" and self._compute_compiled is None:
            self._compute_compiled = torch.compile(self._compute, fullgraph=True, dynamic=False)
        for each in WAYS[WAYS.index(way) :]:
            if each in self._missing:
                continue
            compute = self._compute_compiled if each == "compiled" else self._compute
            assert compute is not None
            try:
                with exact_float32(), fastest_kernels():
                    return compute(images, names, each == "fused")
            except torch.OutOfMemoryError:
                raise
            except Exception:  # compilers and cuDNN fail in ways of their own
                if each == "plain":
                    raise
                self._missing.add(each)
        raise AssertionError(f"{way} is no way")

    def _compute(self, images: Tensor, names: tuple[str, ...], fused: bool) -> Endpoints:
        def compute(layer: Layer, x: Tensor, pool: Layer | None) -> Tensor:
            kernel, bias = self._folded[layer.name]
            x, stride = x.to(self._dtype), layer.stride
            if self._in_squares(layer):
                x, stride, padding = squares_of(x, layer), 1, (0, 0)
            else:
                x, padding = padded(x, layer)
            if fused and not pool:
                return torch.cudnn_convolution_relu(x, kernel, bias, (stride, stride), padding, (1, 1), 1)
            x = F.conv2d(x, kernel, bias, stride, padding)
            if pool:  # the mean of what was shifted by the bias is shifted by as much
                x = pooled(pool, x)
            return x.relu_()

        def logits(features: Tensor, head: Layer) -> Tensor:
            kernel, bias = self._folded[head.name]
            return torch.addmm(bias, features, kernel[:, :, 0, 0].T)

        return walk(self._network.architecture, images, compute, logits, names)

    def _replay(self, images: Tensor, names: tuple[str, ...]) -> Endpoints:
        """One caller at a time."""
        key = (images.shape, names)
        kept = self._recorded.get(key)
        if kept is None:
            if len(self._recorded) == RECORDED:
                self._recorded.popitem(last=False)
            kept = self._recorded[key] = self._record(self._way or "fused", images, names)
        elif self._way is None and kept.way != "compiled" and kept.pixels > COMPILE_AFTER:
            kept.pixels = 0
            if "compiled" not in self._missing:
                kept = self._recorded[key] = self._record("compiled", images, names)
        self._recorded.move_to_end(key)
        kept.pixels += images.numel() // 3
        kept.given.copy_(images)
        kept.graph.replay()
        return {name: value.clone() for name, value in kept.endpoints.items()}

    def _record(self, way: Way, images: Tensor, names: tuple[str, ...]) -> _Recording:
        given = images.clone()
        stream = torch.cuda.Stream(images.device)
        stream.wait_stream(torch.cuda.current_stream(images.device))
        with torch.cuda.stream(stream):
            # Libraries choose their kernels now; a recording has to be free of that.
            self._run(way, given, names)
        torch.cuda.current_stream(images.device).wait_stream(stream)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            endpoints = self._run(way, given, names)
        taken: Way = next(each for each in WAYS[WAYS.index(way) :] if each not in self._missing)
        return _Recording(graph, given, endpoints, taken)
