"""Work on many photos in threads: Pillow's decoders and hashlib let go of the interpreter's lock."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")
AHEAD = 4  # a thread: enough that a slow photo does not hold up the others, few enough to hold in memory


def in_order(function: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
    """`function` of each of `items`, in their order; at most `AHEAD` per thread are begun ahead of need."""
    threads = os.cpu_count() or 1
    pool = ThreadPoolExecutor(threads, "photos")
    waiting = iter(items)
    begun: deque[Future[Result]] = deque()
    try:
        begun.extend(pool.submit(function, item) for item in islice(waiting, AHEAD * threads))
        while begun:
            result = begun.popleft().result()
            begun.extend(pool.submit(function, item) for item in islice(waiting, 1))
            yield result
    finally:
        pool.shutdown(cancel_futures=True)
