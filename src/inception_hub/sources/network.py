"""Whether the network may be used, and for how much: what every download keeps to."""

import os
from collections.abc import Callable

OFFLINE = "INCEPTION_HUB_OFFLINE"
MAX_BYTES = 2 << 30  # of one download

Progress = Callable[[int, int | None], None]
"""Called with the bytes received so far and, where known, those to come in all."""


def is_offline() -> bool:
    """Whether `INCEPTION_HUB_OFFLINE` forbids the network: any value but an empty one and "0"."""
    return os.environ.get(OFFLINE, "") not in ("", "0")
