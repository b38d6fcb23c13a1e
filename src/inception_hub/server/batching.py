"""A micro-batcher: photos of many requests decoded in threads and computed together.

Nothing waits for company: a worker takes what is ready, up to the pipeline's batch size, so that batches grow
only as fast as work piles up.
"""

import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import OverloadedError
from ..inference.pipeline import BATCH_SIZE
from .metrics import Metrics

Image = NDArray[np.float32]  # [height, width, 3] in [0, 1]
Compute = Callable[[NDArray[np.float32]], Sequence[Any]]  # [batch, height, width, 3] -> an answer for each


@dataclass(eq=False)
class _Job:
    kind: str
    prepare: Callable[[], Image]
    answer: "Future[Any]" = field(default_factory=Future)
    image: Image | None = None


class Batcher:
    """Answers for photos by the `kinds` of computation it was given: at most `queue` photos, on `cores`."""

    def __init__(self, kinds: Mapping[str, Compute], queue: int, cores: int, metrics: Metrics) -> None:
        self._kinds = kinds
        self._queue = queue
        self._cores = cores
        self._metrics = metrics
        self._inside = 0
        self._ready: deque[_Job] = deque()
        self._changed = threading.Condition()
        self._closed = False
        self._decoders = ThreadPoolExecutor(cores, "decode")
        self._workers = [threading.Thread(target=self._work, daemon=True) for _ in range(cores)]
        for worker in self._workers:
            worker.start()

    @property
    def full(self) -> bool:
        """Whether not one more photo is accepted."""
        return self._inside >= self._queue

    def submit(self, kind: str, prepare: Sequence[Callable[[], Image]]) -> "list[Future[Any]]":
        """A future for each image that `prepare` makes; a cancelled one is not computed.

        Raises `OverloadedError` where not all of them can be held.
        """
        jobs = [_Job(kind, each) for each in prepare]
        with self._changed:
            if self._inside + len(jobs) > self._queue:
                raise OverloadedError(
                    f"{self._inside} photos are waiting and at most {self._queue} can; try again in a second."
                )
            self._inside += len(jobs)
            self._metrics.inside.set(self._inside)
        for job in jobs:
            self._decoders.submit(self._prepare, job)
        return [job.answer for job in jobs]

    def close(self) -> None:
        """Ends the threads once what was submitted is answered."""
        self._decoders.shutdown()
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        for worker in self._workers:
            worker.join()

    def _prepare(self, job: _Job) -> None:
        if job.answer.cancelled():
            self._leave(job)
            return
        try:
            with self._metrics.stage("decode"):
                job.image = job.prepare()
        except Exception as error:
            self._leave(job, error=error)
            return
        with self._changed:
            self._ready.append(job)
            self._changed.notify()

    def _work(self) -> None:
        while batch := self._take():
            self._compute(batch)

    def _take(self) -> list[_Job]:
        """A worker's share of the oldest that are alike, up to a batch; none once closed."""
        with self._changed:
            while not self._ready:
                if self._closed:
                    return []
                self._changed.wait()
            oldest = self._ready[0]
            alike = [job for job in self._ready if _alike(job, oldest)]
            share = len(alike) // self._cores  # the other workers' stay
            batch = alike[: max(1, min(BATCH_SIZE, share))]
            for job in batch:
                self._ready.remove(job)
            return batch

    def _compute(self, batch: list[_Job]) -> None:
        wanted = []
        for job in batch:
            if job.answer.cancelled():
                self._leave(job)
            else:
                wanted.append(job)
        if not wanted:
            return
        self._metrics.batch.observe(len(wanted))
        try:
            with self._metrics.stage("compute"):
                images = np.stack([job.image for job in wanted if job.image is not None])
                answers = self._kinds[wanted[0].kind](images)
        except Exception as error:
            if len(wanted) == 1:
                self._leave(wanted[0], error=error)
                return
            for job in wanted:  # whoever it was answers for it alone
                self._compute([job])
            return
        for job, answer in zip(wanted, answers, strict=True):
            self._leave(job, answer)

    def _leave(self, job: _Job, answer: Any = None, error: Exception | None = None) -> None:
        with self._changed:
            self._inside -= 1
            self._metrics.inside.set(self._inside)
        if not job.answer.set_running_or_notify_cancel():
            self._metrics.dropped.inc()
        elif error is not None:
            job.answer.set_exception(error)
        else:
            job.answer.set_result(answer)


def _alike(job: _Job, other: _Job) -> bool:
    assert job.image is not None and other.image is not None
    return job.kind == other.kind and job.image.shape == other.image.shape
