"""Signals that end this process at once, also where it is the first of a container."""

import os
import signal
from types import FrameType


def end_at(*numbers: signal.Signals) -> None:
    """Has each of the signals `numbers` end this process, without any cleaning up, as they do by default.

    A container's first process has the number 1, which the kernel lets no signal end that it does not handle:
    https://man7.org/linux/man-pages/man7/pid_namespaces.7.html
    """
    for number in numbers:
        signal.signal(number, _end if os.getpid() == 1 else signal.SIG_DFL)


def _end(number: int, frame: FrameType | None) -> None:
    os._exit(128 + number)
