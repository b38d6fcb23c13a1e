"""How many processor cores this process may use, which can be fewer than the machine has.

A scheduler or `taskset` ties a process to some of them, and a container's limit (`docker run --cpus`,
Kubernetes' `limits.cpu`) gives it the time of so many: Linux keeps that in its control groups.
"""

import math
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path, PurePosixPath

PROCESS, GROUPS = Path("/proc/self/cgroup"), Path("/sys/fs/cgroup")


def usable_cores(process: Path = PROCESS, groups: Path = GROUPS) -> int:
    """The number of cores, at least 1; the time of one and a half counts as two.

    `process`: Linux's file with the names of the process's control groups, `groups`: where they are.
    """
    tied_to = getattr(os, "sched_getaffinity", None)  # macOS and Windows have none
    cores = len(tied_to(0)) if tied_to else os.cpu_count() or 1
    return max(1, min([cores, *map(math.ceil, _limits(process, groups))]))


def limited_cores() -> int | None:
    """`usable_cores` where they are fewer than the machine's, which libraries count; else None."""
    cores = usable_cores()
    return cores if cores < (os.cpu_count() or 1) else None


def bound_libraries() -> None:
    """Has PyTorch and NumPy begin with as many threads as there are cores to use.

    To be called before they are imported. What the user has set stays.
    """
    if (cores := limited_cores()) is not None:
        os.environ.setdefault("OMP_NUM_THREADS", str(cores))


def _limits(process: Path, groups: Path) -> Iterator[float]:
    """The cores that the process's groups, and those around them, are limited to.

    https://docs.kernel.org/admin-guide/cgroup-v2.html, cpu.max; of version 1, sched-bwc: cpu.cfs_quota_us.
    """
    with suppress(OSError, ValueError):
        for line in process.read_text("utf-8").splitlines():
            _, controllers, name = line.split(":", 2)
            if controllers and "cpu" not in controllers.split(","):
                continue
            root = groups / "cpu" if controllers else groups
            # Within a container the name may be the host's; then the group is the root.
            own = PurePosixPath(name.strip("/"))
            for folder in (own, *own.parents):
                yield from _limit(root / folder)


def _limit(group: Path) -> Iterator[float]:
    with suppress(OSError, ValueError, ZeroDivisionError):
        quota, period = (group / "cpu.max").read_text("ascii").split()
        yield int(quota) / int(period)  # "max" is no number
    with suppress(OSError, ValueError, ZeroDivisionError):
        quota, period = (
            int((group / f"cpu.cfs_{part}_us").read_text("ascii")) for part in ("quota", "period")
        )
        if quota > 0:  # -1: none
            yield quota / period
