"""Threads for a request's own work: parsing what came and writing what goes, off the event loop."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

TINY, LARGE = 4 << 10, 1 << 20  # bytes
P = ParamSpec("P")
T = TypeVar("T")


class RequestThreads:
    """Runs work on small bodies in two threads, beside them that on a megabyte and more in a third.

    So large requests neither keep small ones waiting nor take memory at the same time. Work on a tiny body
    takes less than handing it to a thread would, and is done at once.
    """

    def __init__(self) -> None:
        self._small = ThreadPoolExecutor(2, "request")
        self._large = ThreadPoolExecutor(1, "large-request")

    async def run(self, size: int, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What `work` gives for the arguments; `size`: about how many bytes it reads or writes."""
        if size < TINY:
            return work(*args, **kwargs)
        pool = self._large if size >= LARGE else self._small
        return await asyncio.get_running_loop().run_in_executor(pool, lambda: work(*args, **kwargs))

    def close(self) -> None:
        """Ends the threads with what they are at; what waits is not begun."""
        self._small.shutdown(wait=False, cancel_futures=True)
        self._large.shutdown(wait=False, cancel_futures=True)
