"""The module on several machines, by Ray: `photos` answers for folders and buckets, `serving` over HTTP.

Nothing here but what Ray is told: it schedules, moves data and repeats what was lost with a machine. A worker
takes one core, so that a machine holds as many as it has cores.
"""
# pyright: reportMissingImports=false

import logging
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

# Read when Ray is imported or started: no report of its use to its makers, no C++ log among our messages.
os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")

import ray

from ..bundle import Bundle
from ..errors import ArgumentError

LOCAL = "local"
CORES = 1  # of a worker
REACH_SECONDS = 10
ADDRESSES = "local, auto, HOST:PORT or ray://HOST:PORT"


@contextmanager
def connected(address: str) -> Iterator[None]:
    """A connection to the Ray cluster at `address`; `local` is this machine's, ended with the block.

    Raises `ArgumentError` where there is none.
    """
    try:
        if address not in (LOCAL, "auto"):
            _reach(address)
        ray.init(
            address,
            include_dashboard=False if address == LOCAL else None,
            log_to_driver=False,
            logging_level=logging.ERROR,
        )
    except (OSError, ValueError, RuntimeError) as error:
        reason = str(error).split("\n")[0].rstrip(".")
        raise ArgumentError(
            f"--ray {address} leads to no Ray cluster ({reason}); give {ADDRESSES}."
        ) from error
    try:
        yield
    finally:
        ray.shutdown()


def share(bundle: Bundle) -> "ray.ObjectRef[Bundle]":
    """Has `bundle`, its arrays read, at hand for all machines as long as the reference is held."""
    int8 = None if bundle.int8 is None else dict(bundle.int8)
    return ray.put(replace(bundle, weights=dict(bundle.weights), int8=int8))


def _reach(address: str) -> None:
    """Raises `OSError` or `ValueError` at once where Ray itself would try for minutes."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if not (host and port.isdecimal()):
        raise ValueError("it is no address")
    with socket.create_connection((host.strip("[]"), int(port)), REACH_SECONDS):
        pass
