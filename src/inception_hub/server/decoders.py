"""Threads that decode photos; one that a photo holds beyond its time is replaced."""

import threading
import time
from collections.abc import Callable
from queue import SimpleQueue

from .metrics import Metrics

Job = Callable[[], None]


class Decoders:
    """Runs jobs in `threads` threads, oldest first.

    A job that has run for `patience` seconds is left to itself as soon as another comes: a new thread
    replaces its own, which ends with it. The caller bounds how many jobs there are, and so the threads.
    """

    def __init__(self, threads: int, patience: float, metrics: Metrics) -> None:
        self._patience = patience
        self._metrics = metrics
        self._jobs: SimpleQueue[Job | None] = SimpleQueue()
        self._began: dict[threading.Thread, float] = {}  # when each busy thread took its job
        self._threads: set[threading.Thread] = set()
        self._lock = threading.Lock()
        for _ in range(threads):
            self._start()

    def submit(self, job: Job) -> None:
        """Has `job`, which raises nothing, run by the next free thread."""
        self._replace_held()
        self._jobs.put(job)

    def close(self) -> None:
        """Ends the threads once all jobs are done."""
        with self._lock:
            threads = set(self._threads)
        for _ in threads:
            self._jobs.put(None)
        for thread in threads:
            thread.join()

    def _start(self) -> None:
        # A daemon, so that a job that never ends does not keep the process from ending.
        thread = threading.Thread(target=self._work, name="decode", daemon=True)
        self._threads.add(thread)
        thread.start()

    def _work(self) -> None:
        me = threading.current_thread()
        while (job := self._jobs.get()) is not None:
            with self._lock:
                self._began[me] = time.monotonic()
            job()
            with self._lock:
                if self._began.pop(me, None) is None:
                    self._threads.discard(me)
                    return  # another has taken this one's place

    def _replace_held(self) -> None:
        now = time.monotonic()
        with self._lock:
            held = [thread for thread, began in self._began.items() if now - began > self._patience]
            for thread in held:
                del self._began[thread]
                self._metrics.decodes_overrun.inc()
                self._start()
