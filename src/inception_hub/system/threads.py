"""Work in threads, results in order: Pillow, OpenVINO and hashlib let go of the interpreter's lock."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

from .cores import usable_cores

Item = TypeVar("Item")
Result = TypeVar("Result")
AHEAD = 4  # a thread: enough that a slow photo does not hold up the others, few enough to hold in memory


def in_order(
    function: Callable[[Item], Result],
    items: Iterable[Item],
    *,
    threads: int | None = None,
    pool: Executor | None = None,
    ahead: int | None = None,
) -> Iterator[Result]:
    """`function` of each of `items`, in their order.

    `threads`: None is one for each core that the process may use. `pool`: runs them instead of threads,
    and is shut down in the end.
    `ahead`: how many calls are begun before the first result is taken, None is 4 a thread; it bounds what is
    held in memory. An exception of `items` or `function` is raised in its turn.
    What is begun when the caller stops is finished, the rest is not begun.
    """
    threads = threads or usable_cores()
    pool = pool or ThreadPoolExecutor(threads, "photos")
    waiting = iter(items)
    begun: deque[Future[Result]] = deque()
    try:
        begun.extend(pool.submit(function, item) for item in islice(waiting, ahead or AHEAD * threads))
        while begun:
            result = begun.popleft().result()
            begun.extend(pool.submit(function, item) for item in islice(waiting, 1))
            yield result
    finally:
        pool.shutdown(cancel_futures=True)
