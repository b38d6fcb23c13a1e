"""Power cuts while verbs write: `power.py [--cuts N] [--only VERB]... [--jobs N] [--write-docs]`.

Each verb runs once, every change of its folder recorded (disk.c). Then, N times, the folder is made as a
power cut may have left it (replay.py), and asked: what had ended is whole; what has its final name is whole,
or rows that `--resume` repairs; and the same command, `--resume` added to rows, ends with the result of an
unbroken run and nothing else beside it. Equal states are asked once; where a verb begins anew, it is run once
for all states of the same names.
"""

import argparse
import hashlib
import os
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import disk
import replay
import rows
from forks import ended, fork
from verbs import VERBS, Verb, for_all_verbs, is_missing

KEPT = rows.BENCHMARKS / ".work" / "reliability" / "power"


class Wrong(Exception):
    """What a power cut must not leave."""


def in_a_process(work: Callable[[], object], log: Path) -> int | None:
    return ended(fork(work, log))


def record(verb: Verb, scratch: Path) -> tuple[replay.Recording, Any] | None:
    """An unbroken run, and its result; None where its software is missing."""
    root, log = scratch / "run", scratch / "operations"
    shutil.rmtree(root, ignore_errors=True)
    log.unlink(missing_ok=True)
    root.mkdir()
    verb.prepare(root)
    before = replay.snapshot(root)
    inodes = {name: (root / name).stat().st_ino for name in before}

    def work() -> None:
        disk.arm(root, log)
        verb.run(root)

    status = in_a_process(work, scratch / "log")
    if status == 2 and is_missing((scratch / "log").read_text()):
        return None
    assert status == verb.status, f"{verb.name} ends with {status}: {(scratch / 'log').read_text()}"
    recording = replay.Recording(root, before, inodes, disk.read(log))
    end = len(recording.operations)
    assert recording.state(end, end, ["all"], 0) == replay.snapshot(root), f"{verb.name} is not all recorded"
    return recording, verb.result(root)


def ask(
    verb: Verb, state: replay.State, finished: bool, expected: Any, former: Any, scratch: Path, run: bool
) -> None:
    """Raises `Wrong` if the power cut that left `state` cost anything; `run`: the verb is run once more."""
    root = scratch / "run"
    shutil.rmtree(root, ignore_errors=True)
    replay.lay(state, root)
    torn = verb.resumes and "--format" in verb.arguments and "parquet" not in verb.arguments
    if finished or not torn:
        try:
            found = verb.result(root)
        except Exception as error:
            raise Wrong(f"what has its final name is not whole: {error!r}") from error
        if finished and found != expected:
            raise Wrong("what was finished is not as it was")
        if found not in (None, former, expected):
            raise Wrong("it holds something else than was written")
        if found == expected != former and not verb.again and verb.arguments[0] != "classify":
            return  # it is done: the same command is refused
    if not run:
        return
    status = in_a_process(lambda: verb.run(root, again=True), scratch / "log")
    if status != verb.status:
        raise Wrong(f"the next run ends with {status}: {(scratch / 'log').read_text()[-2000:]}")
    if verb.result(root) != expected:
        raise Wrong("the next run makes another result")
    every = [*root.rglob("*.partial"), *root.rglob("*.parts")]
    if left := [path for path in every if "cache" not in path.parts]:  # those `cache gc` removes
        raise Wrong(f"the next run leaves {left}")


def cut(task: tuple[int, int, Path]) -> rows.Row | None:
    """The row of the verb of a number after so many cuts; `scratch` is its own.

    None: it cannot be run here.
    """
    number, cuts, scratch = task
    verb = VERBS[number]
    scratch.mkdir()
    recorded = record(verb, scratch)
    if recorded is None:
        print(f"{verb.name} is left out, as its software is missing", file=sys.stderr)
        return None
    recording, expected = recorded
    former = former_result(verb, scratch)
    begun, good, asked = time.monotonic(), 0, {}
    shapes: set[object] = set()
    for number, (finished, state) in enumerate(recording.cuts(cuts, seed=0)):
        key = (finished, digest(state))
        if key not in asked:
            shape = key if verb.resumes else tuple(state)
            try:
                ask(verb, state, finished, expected, former, scratch, run=shape not in shapes)
                asked[key] = True
            except Wrong as error:
                asked[key] = False
                kept = KEPT / f"{verb.name.replace(' ', '_')}-{number}"
                shutil.rmtree(kept, ignore_errors=True)
                replay.lay(state, kept)
                print(f"{verb.name}, cut {number}: {error}; see {kept}", file=sys.stderr)
            shapes.add(shape)
        good += asked[key]
    seconds = time.monotonic() - begun
    shutil.rmtree(scratch)
    operations = len(recording.operations)
    row = rows.Row(f"`{verb.name}`: {operations} changes, {len(asked)} states", cuts, good, 0)
    print(row, f"{seconds:.0f} s", file=sys.stderr)
    return row


def former_result(verb: Verb, scratch: Path) -> Any:
    """What lies under the final name before the verb runs."""
    root = scratch / "former"
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir()
    verb.prepare(root)
    return verb.result(root)


def digest(state: replay.State) -> str:
    total = hashlib.sha256()
    for name, content in state.items():
        total.update(repr((name, content is None, len(content or b""))).encode() + (content or b""))
    return total.hexdigest()


def main(cuts: int, only: list[str], jobs: int, write_docs: bool) -> None:
    found = for_all_verbs(cut, cuts, only, jobs)
    note = "Each verb was recorded once, on a thin network and few photos; equal states were asked once."
    rows.report("power", found, note, write_docs=write_docs)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--cuts", type=int, default=200)
    parser.add_argument("--only", action="append", default=[], help="part of a verb's name")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--write-docs", action="store_true")
    given = parser.parse_args()
    main(given.cuts, given.only, given.jobs, given.write_docs)
