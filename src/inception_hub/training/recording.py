"""The execution of training steps: operator by operator, or recorded as a CUDA graph and replayed.

A step launches thousands of small kernels, which takes a CPU longer than a GPU needs to compute them.
https://docs.pytorch.org/docs/stable/notes/cuda.html#cuda-graphs
"""

import contextlib
import gc
from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from .batches import Batch
from .recipes import Phase

WARM_UP = 3  # steps before recording, in which libraries choose their kernels
StepFunction = Callable[[Phase, Tensor, Tensor | None], None]


class Eager:
    """Runs `step` operator by operator."""

    def __init__(self, step: StepFunction) -> None:
        self._step = step

    def __call__(self, phase: Phase, batch: Batch) -> None:
        """One step."""
        self._step(phase, batch.samples, batch.images)

    def forget(self) -> None:
        """Does nothing, as nothing is kept."""


class Recorded:
    """Runs `step` as a CUDA graph, recorded anew for each kind of phase and number of photos.

    `state`: every tensor that a step changes. Warming up changes them, so they are restored.
    """

    def __init__(self, step: StepFunction, state: list[Tensor]) -> None:
        self._step, self._state = step, state
        self._key: object = None
        self._graph: torch.cuda.CUDAGraph | None = None
        self._samples: Tensor | None = None
        self._images: Tensor | None = None

    def __call__(self, phase: Phase, batch: Batch) -> None:
        """One step; the first of its kind takes seconds.

        Raises `torch.OutOfMemoryError`, and has changed nothing then.
        """
        key = (phase.size, phase.augmentation, len(batch.samples))
        if key != self._key:
            self.forget()
            self._record(phase, batch)
            self._key = key
        assert self._graph is not None and self._samples is not None
        self._samples.copy_(batch.samples)
        if self._images is not None and batch.images is not None:
            self._images.copy_(batch.images)
        self._graph.replay()

    def forget(self) -> None:
        """Frees the recording's memory."""
        self._graph = self._samples = self._images = self._key = None
        gc.collect()
        torch.cuda.empty_cache()

    def _record(self, phase: Phase, batch: Batch) -> None:
        samples = batch.samples.clone()
        images = None if batch.images is None else batch.images.clone()
        stream, graph = torch.cuda.Stream(samples.device), torch.cuda.CUDAGraph()
        stream.wait_stream(torch.cuda.current_stream(samples.device))
        with _restored(self._state):
            with torch.cuda.stream(stream):
                for _ in range(WARM_UP):
                    self._step(phase, samples, images)
            torch.cuda.current_stream(samples.device).wait_stream(stream)
        with torch.cuda.graph(graph):
            self._step(phase, samples, images)
        self._graph, self._samples, self._images = graph, samples, images


@contextlib.contextmanager
def _restored(tensors: list[Tensor]) -> Iterator[None]:
    with torch.no_grad():
        before = [tensor.clone() for tensor in tensors]
    try:
        yield
    finally:
        with torch.no_grad():
            for tensor, value in zip(tensors, before, strict=True):
                tensor.copy_(value)
