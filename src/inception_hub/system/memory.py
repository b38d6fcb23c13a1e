"""The process's memory, as far as the system tells of it and lets it be kept."""

import ctypes
import sys
from pathlib import Path

M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_MAX = -1, -2, -4  # malloc.h
LARGEST = 2**31 - 1


def keep_freed_memory() -> bool:
    """Has glibc keep freed memory: training steps take a third less time. Returns whether it did.

    glibc gives blocks of over 32 MB back to the system when they are freed and maps them anew, page fault by
    page fault, when the next layer asks. Every activation of a batch is such a block. See docs/log.md.
    Without glibc nothing happens.
    """
    if not sys.platform.startswith("linux"):
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:  # musl
        return False
    settings = ((M_MMAP_MAX, 0), (M_TRIM_THRESHOLD, LARGEST), (M_TOP_PAD, 1 << 29))
    return all([mallopt(name, value) for name, value in settings])


def peak_mb() -> float | None:
    """The most memory this process held, in MB; None where the system does not tell (Windows)."""
    return _told_by_linux() or _told_by_posix()


def _told_by_linux() -> float | None:
    """From /proc: POSIX's figure may be that of the process that started this one."""
    try:
        lines = Path("/proc/self/status").read_bytes().splitlines()
        return next(int(line.split()[1]) * 1024 / 1e6 for line in lines if line.startswith(b"VmHWM"))
    except (OSError, StopIteration):
        return None


def _told_by_posix() -> float | None:
    if sys.platform == "win32":
        return None
    import resource

    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6
