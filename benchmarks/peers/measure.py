"""What every `run_*.py` here does: loads a network, classifies photos and prints one JSON line.

Arguments: MODELS SETTING PHOTOS WARM_UP. MODELS is the folder the `make_*.py` filled, PHOTOS a text file with
a path a line, WARM_UP how many of them are answered first, uncounted. Standard library only.
"""

import json
import os
import re
import resource
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

Classify = Callable[[Sequence[str]], Iterable[int]]  # paths -> index of the first answer for each, in order


def main(load: Callable[[Path, str], Classify]) -> None:
    """`load` makes the network in MODELS ready, in the way SETTING names."""
    models, setting, photos, warm_up = sys.argv[1:]
    paths = Path(photos).read_text("utf-8").splitlines()
    classify = load(Path(models), setting)
    if int(warm_up):
        list(classify(paths[: int(warm_up)]))
    start, worked = time.perf_counter(), processor_seconds()
    answers = [int(index) for index in classify(paths)]
    seconds, worked = time.perf_counter() - start, processor_seconds() - worked
    figures = {
        "photos_per_second": len(paths) / seconds,
        "core_ms": 1000 * worked / len(paths),
        "peak_mb": peak_mb(),
        "answers": answers,
    }
    print(json.dumps(figures))


def processor_seconds() -> float:
    """What this process and those of its children that have ended have worked, on all cores."""
    return sum(os.times()[:4])


def peak_mb() -> float:
    """The most memory this process held, in MB; its children's is not in it."""
    try:  # unlike ru_maxrss, this forgets what the process was before exec
        found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    except OSError:
        found = None
    kilobytes = int(found[1]) if found else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return kilobytes * 1024 / 1e6
