"""Memory that is freed stays with the process: a setting of glibc that makes training steps a third faster.

glibc gives blocks of over 32 MB back to the system when they are freed and maps them anew, page fault by
page fault, when the next layer asks. Every activation of a batch is such a block. See docs/log.md.
"""

import ctypes
import sys

M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_MAX = -1, -2, -4  # malloc.h
LARGEST = 2**31 - 1


def keep_freed_memory() -> bool:
    """Has glibc keep freed memory; returns whether it did. Without glibc nothing happens."""
    if not sys.platform.startswith("linux"):
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:  # musl
        return False
    settings = ((M_MMAP_MAX, 0), (M_TRIM_THRESHOLD, LARGEST), (M_TOP_PAD, 1 << 29))
    return all([mallopt(name, value) for name, value in settings])
