"""The table in PyTorch for answering only: batch norm folded, one number format throughout, CUDA graphs.

https://docs.pytorch.org/docs/stable/notes/cuda.html#cuda-graphs: a pass over some seventy small layers is
bound by launching kernels, unless it is recorded once per shape and replayed.
"""

import threading
from collections import OrderedDict

import numpy as np
import torch
from torch import Tensor

from ..architecture import Layer
from ..weights import fold
from .arithmetic import exact_float32, fastest_kernels
from .torch import Network, conv, walk

RECORDED = 4  # shapes; each keeps the memory of a whole pass


class Answering:
    """`network` as it is now, for answering in `dtype`; folded anew once its variables have changed."""

    def __init__(self, network: Network, dtype: torch.dtype = torch.float32) -> None:
        self._network = network
        self._dtype = dtype
        self._folded: dict[str, tuple[Tensor, Tensor]] = {}
        self._state: tuple[int, ...] = ()
        self._lock = threading.Lock()
        self._recorded: OrderedDict[torch.Size, tuple[torch.cuda.CUDAGraph, Tensor, dict[str, Tensor]]]
        self._recorded = OrderedDict()

    @torch.no_grad()
    def __call__(self, images: Tensor) -> dict[str, Tensor]:
        """Every endpoint, NHWC, for `images` float32 [batch, height, width, 3] in [0, 1], without gradients.

        Features, logits and predictions are float32, the other endpoints of the dtype.
        """
        with self._lock:
            self._refresh()
            if images.is_cuda:
                return self._replay(images)
        return self._compute(images)

    def _refresh(self) -> None:
        variables = self._network.state_dict(keep_vars=True)
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
                found = torch.from_numpy(np.ascontiguousarray(kernel.transpose(3, 2, 0, 1)))
                self._folded[layer.name] = (
                    found.to(device, dtype, memory_format=torch.channels_last),
                    torch.tensor(bias, dtype=dtype, device=device),
                )
        self._recorded.clear()
        self._state = state

    def _compute(self, images: Tensor) -> dict[str, Tensor]:
        def compute(layer: Layer, x: Tensor) -> Tensor:
            return conv(x.to(self._dtype), layer, *self._folded[layer.name]).relu_()

        def logits(pooled: Tensor, head: Layer) -> Tensor:
            kernel, bias = self._folded[head.name]
            return torch.addmm(bias, pooled, kernel[:, :, 0, 0].T)

        with exact_float32(), fastest_kernels():
            return walk(self._network.architecture, images, compute, logits)

    def _replay(self, images: Tensor) -> dict[str, Tensor]:
        """A recording has one place for images and one for answers, so one caller at a time."""
        if images.shape not in self._recorded:
            if len(self._recorded) == RECORDED:
                self._recorded.popitem(last=False)
            self._recorded[images.shape] = self._record(images)
        self._recorded.move_to_end(images.shape)
        graph, given, endpoints = self._recorded[images.shape]
        given.copy_(images)
        graph.replay()
        return {name: value.clone() for name, value in endpoints.items()}

    def _record(self, images: Tensor) -> tuple[torch.cuda.CUDAGraph, Tensor, dict[str, Tensor]]:
        given = images.clone()
        stream = torch.cuda.Stream(images.device)
        stream.wait_stream(torch.cuda.current_stream(images.device))
        with torch.cuda.stream(stream):
            self._compute(given)  # libraries choose their kernels now; a recording has to be free of that
        torch.cuda.current_stream(images.device).wait_stream(stream)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            endpoints = self._compute(given)
        return graph, given, endpoints
