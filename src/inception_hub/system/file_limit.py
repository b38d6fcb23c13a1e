"""How many files, connections among them, a process may have open at once: a limit of POSIX systems."""

import sys
from contextlib import suppress


def allow_open_files(number: int) -> int:
    """Has the system let this process open `number` files at once; how many it may, where that is fewer.

    A process may raise its own limit up to one that only the administrator raises: macOS begins with 256.
    """
    if sys.platform == "win32":
        return number
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return number
    if soft < number:
        wanted = number if hard == resource.RLIM_INFINITY else min(number, hard)
        with suppress(OSError, ValueError):  # macOS has a second bound, below a limit that is infinite
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
            soft = wanted
    return min(number, soft)
