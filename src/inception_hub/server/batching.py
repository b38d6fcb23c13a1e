"""A micro-batcher: photos of many requests, decoded in threads and computed together.

No photo waits for a batch to fill: a worker takes what is ready, up to the batch size, so that batches grow
only under load.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import OverloadedError
from ..inference.pipeline import BATCH_SIZE
from .decoders import Decoders
from .metrics import Metrics

# Of one photo, float32: the image at each size needed, [height, width, 3] in [0, 1]; of a heatmap also the
# fractions of the image that show the photo.
Images = tuple[NDArray[np.float32], ...]
Compute = Callable[..., Sequence[Any]]  # from those of a batch, each stacked, an output for each photo


@dataclass(eq=False)
class _Job:
    kind: str
    prepare: Callable[[], Images]
    output: "Future[Any]" = field(default_factory=Future)
    images: Images = ()


class Batcher:
    """Runs `computations`, by their kind, on photos: it holds at most `queue` of them and uses `cores`.

    `at_once`: photos computed at the same time at most, in all batches.
    A photo that is decoded longer than `patience` seconds keeps its place in the queue until that ends,
    but no other photo waits for it.
    """

    def __init__(
        self,
        computations: Mapping[str, Compute],
        queue: int,
        cores: int,
        patience: float,
        metrics: Metrics,
        at_once: int = 1 << 20,
    ) -> None:
        self._most = min(BATCH_SIZE, at_once)
        self._computations = computations
        self._queue = queue
        self._cores = cores
        self._metrics = metrics
        self._held = 0  # photos accepted and not yet done
        self._ready: deque[_Job] = deque()
        self._changed = threading.Condition()
        self._closed = False
        self._decoders = Decoders(cores, patience, metrics)
        workers = max(1, min(cores, at_once // self._most))
        self._workers = [threading.Thread(target=self._work, daemon=True) for _ in range(workers)]
        for worker in self._workers:
            worker.start()

    @property
    def full(self) -> bool:
        """Whether no more photo is accepted."""
        return self._held >= self._queue

    def submit(self, kind: str, prepare: Sequence[Callable[[], Images]]) -> "list[Future[Any]]":
        """A future of the output of computation `kind` for each photo that `prepare` makes.

        A cancelled one is not computed. Raises `OverloadedError` where not all photos can be held.
        """
        jobs = [_Job(kind, each) for each in prepare]
        with self._changed:
            if self._held + len(jobs) > self._queue:
                raise OverloadedError(
                    f"{self._held} photos are waiting and at most {self._queue} can; try again in a second."
                )
            self._held += len(jobs)
            self._metrics.photos_inside.set(self._held)
        for job in jobs:
            self._decoders.submit(partial(self._prepare, job))
        return [job.output for job in jobs]

    def close(self) -> None:
        """Ends the threads once all that was submitted is done."""
        self._decoders.close()
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        for worker in self._workers:
            worker.join()

    def _prepare(self, job: _Job) -> None:
        if job.output.cancelled():
            self._finish(job)
            return
        try:
            with self._metrics.stage("decode"):
                job.images = job.prepare()
        except Exception as error:
            self._finish(job, error=error)
            return
        with self._changed:
            self._ready.append(job)
            self._changed.notify()

    def _work(self) -> None:
        while batch := self._take():
            self._compute(batch)

    def _take(self) -> list[_Job]:
        """A worker's share of the oldest photos that can be one batch; none once closed."""
        with self._changed:
            while not self._ready:
                if self._closed:
                    return []
                self._changed.wait()
            oldest = self._ready[0]
            alike = [job for job in self._ready if _alike(job, oldest)]
            share = len(alike) // self._cores  # the rest is left to the other workers
            batch = alike[: max(1, min(self._most, share))]
            for job in batch:
                self._ready.remove(job)
            return batch

    def _compute(self, batch: list[_Job]) -> None:
        wanted = []
        for job in batch:
            if job.output.cancelled():
                self._finish(job)
            else:
                wanted.append(job)
        if not wanted:
            return
        self._metrics.batch_photos.observe(len(wanted))
        self._metrics.last_inference = time.time()
        try:
            with self._metrics.stage("compute"):
                sizes = zip(*(job.images for job in wanted), strict=True)
                outputs = self._computations[wanted[0].kind](*map(np.stack, sizes))
        except Exception as error:
            if len(wanted) == 1:
                self._finish(wanted[0], error=error)
                return
            for job in wanted:  # so that only the photo at fault gets the error
                self._compute([job])
            return
        for job, output in zip(wanted, outputs, strict=True):
            self._finish(job, output)

    def _finish(self, job: _Job, output: Any = None, error: Exception | None = None) -> None:
        with self._changed:
            self._held -= 1
            self._metrics.photos_inside.set(self._held)
        if not job.output.set_running_or_notify_cancel():
            self._metrics.photos_dropped.inc()
        elif error is not None:
            job.output.set_exception(error)
        else:
            job.output.set_result(output)


def _alike(job: _Job, other: _Job) -> bool:
    shapes = ([image.shape for image in each.images] for each in (job, other))
    return job.kind == other.kind and next(shapes) == next(shapes)
