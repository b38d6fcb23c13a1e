"""Hostile cases one by one in a process of their own: a crash or a hang is counted and survived.

The process has bounded memory and time for each case. A case that ends in anything but an answer or a clean
error is kept in benchmarks/.work/reliability and named on standard error.
"""

import copy
import hashlib
import multiprocessing
import os
import pickle
import random
import resource
import sys
import time
import warnings
from collections.abc import Callable, Iterable, Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from rows import BENCHMARKS, Row

ROOT = BENCHMARKS.parent
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "tests")]
KEPT = BENCHMARKS / ".work" / "reliability"
SECONDS = 30  # of a core; a case that takes longer counts as a hang
PATIENCE = 600  # seconds on the clock, on however busy a machine
MEGABYTES = 3000  # what 100 million pixels take, and half as much again
ANSWERED, REFUSED = "answered", "refused"


def clean(call: Callable[[], Any]) -> bool:
    """Whether `call` answered; False for an error of ours that is one line of printable text."""
    from inception_hub.errors import InceptionHubError

    try:
        call()
    except InceptionHubError as error:
        assert str(error).isprintable() and len(str(error)) < 3000, f"unclean message {str(error)[:200]!r}"
        return False
    return True


def run(what: str, function: Callable[[Any], bool], cases: Iterable[Any]) -> Row:
    """A row on `function`, of a module's top level, for `cases`; it gives what `clean` gives."""
    context = multiprocessing.get_context("spawn")
    tried = answered = refused = 0
    longest = most = 0.0
    worker = pipe = None
    for case in cases:
        if worker is None or pipe is None:
            pipe, theirs = context.Pipe()
            worker = context.Process(target=_work, args=(function, theirs), daemon=True)
            worker.start()
            theirs.close()
            pipe.recv()  # it is ready
        tried += 1
        try:
            pipe.send(case)
            ended, taken, peak = pipe.recv() if pipe.poll(PATIENCE) else ("hung", float(PATIENCE), 0.0)
        except (EOFError, OSError):
            worker.join(5)
            ended, taken, peak = f"crashed ({worker.exitcode})", 0.0, 0.0
        longest, most = max(longest, taken), max(most, peak)
        answered += ended == ANSWERED
        refused += ended == REFUSED
        if ended not in (ANSWERED, REFUSED):
            keep(what, case, ended)
        if ended.startswith(("hung", "crashed")):
            worker.kill()
            worker = None
    if worker and pipe:
        pipe.close()
        worker.join(5)
    row = Row(what, tried, answered, refused, longest, most)
    print(row, file=sys.stderr)
    return row


def _work(function: Callable[[Any], bool], pipe: Connection) -> None:
    warnings.simplefilter("ignore")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # libtiff complains there
    resource.setrlimit(resource.RLIMIT_DATA, (MEGABYTES << 20, MEGABYTES << 20))
    pipe.send(None)
    while True:
        try:
            case = pipe.recv()
        except EOFError:
            return
        reset_peak()
        started = time.process_time()
        try:
            ended = ANSWERED if function(case) else REFUSED
        except BaseException as error:
            ended = f"{type(error).__name__}: {error}"
        taken = time.process_time() - started
        pipe.send((ended if taken <= SECONDS else f"slow ({ended})", taken, peak()))


def reset_peak() -> None:
    Path("/proc/self/clear_refs").write_text("5")


def peak() -> float:
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1000


def keep(what: str, case: Any, ended: str) -> None:
    content = pickle.dumps(case)
    path = KEPT / f"{hashlib.sha256(content).hexdigest()[:16]}.pickle"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    print(f"{what}: {ended[:300]!r} for {path}", file=sys.stderr)


EDGES = [0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF, (1 << 63) - 1, (1 << 64) - 1]


def mutated(content: bytes, generator: random.Random) -> bytes:
    """`content` with one to four things wrong with it."""
    made = bytearray(content)
    for _ in range(generator.choice((1, 1, 2, 4))):
        place = generator.randrange(len(made) + 1)
        length = generator.choice((1, 2, 4, 8, 64))
        match generator.randrange(8):
            case 0 if made:
                made[place % len(made)] ^= 1 << generator.randrange(8)
            case 1 if made:
                made[place % len(made)] = generator.randrange(256)
            case 2:
                del made[place:]
            case 3:
                del made[place : place + length]
            case 4:
                made[place:place] = generator.randbytes(length)
            case 5:
                made[place : place + length] = bytes(length)
            case 6:
                start = generator.randrange(len(made) + 1)
                made[place:place] = made[start : start + length]
            case _:
                size = min(length, 8)
                edge = generator.choice(EDGES) & (1 << 8 * size) - 1
                made[place : place + size] = edge.to_bytes(size, generator.choice(("big", "little")))
    return bytes(made)


ODD: list[Any] = [
    None, True, -1, 0, 1 << 70, 1e308, float("nan"), "", "\x1b[2J", "x" * 5000, "../../etc/passwd", "\ud800",
    [], {}, [[]] * 1000, {"a": 1}, [1, 2, 3], "inception_v2",
]  # fmt: skip


def changed(document: Any, generator: random.Random, odd: Sequence[Any] = ODD) -> Any:
    """A copy of a table or list, as JSON has them, with one of its values left out or an `odd` one."""
    made = part = copy.deepcopy(document)
    while True:
        key = generator.choice(list(part) if isinstance(part, dict) else range(len(part)))
        if not (isinstance(part[key], (dict, list)) and part[key]) or generator.random() < 0.3:
            break
        part = part[key]
    if generator.random() < 0.2:
        del part[key]
    else:
        part[key] = generator.choice(odd)
    return made
