"""A connection to a Ray cluster, for as long as a command needs it."""
# pyright: reportMissingImports=false

import logging
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import ray

from ..errors import ArgumentError
from .error_text import first_line

LOCAL = "local"
REACH_SECONDS = 10
ADDRESSES = "local, auto, HOST:PORT or ray://HOST:PORT"


@contextmanager
def connected(address: str) -> Iterator[None]:
    """Connects to the Ray cluster at `address` for the block; `local` starts one that ends with the block.

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
        raise ArgumentError(
            f"--ray {address} leads to no Ray cluster ({first_line(error)}); give {ADDRESSES}."
        ) from error
    try:
        yield
    finally:
        ray.shutdown()


def _reach(address: str) -> None:
    """Raises `OSError` or `ValueError` at once where Ray itself would try for minutes."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if not (host and port.isdecimal()):
        raise ValueError("it is no address")
    with socket.create_connection((host.strip("[]"), int(port)), REACH_SECONDS):
        pass
