"""Processes that work for this one: Ctrl-C is left to it, and they end when it does, however that ends."""

import multiprocessing
import os
import signal
import threading
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import connection


def process_pool(count: int) -> ProcessPoolExecutor:
    """A pool of `count` processes, each with an interpreter of its own.

    A program that starts one must guard its own work by `if __name__ == "__main__"`, as each process imports
    it: https://docs.python.org/3/library/multiprocessing.html#the-spawn-and-forkserver-start-methods
    """
    # Not forked: a copy of a process with threads may hold their locks for ever.
    return ProcessPoolExecutor(count, multiprocessing.get_context("spawn"), _begin)


def _begin() -> None:
    for ending in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ending, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os._exit(1)
