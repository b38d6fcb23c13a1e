"""Full disks while verbs write: `full_disks.py [--most N] [--only VERB]... [--jobs N] [--write-docs]`.

Each verb runs as often as it changes its folder, at most N times, and each time another change fails with
"No space left on device" (disk.c): a file or folder made, a write, a rename, a flush. Of every second write
that fails one half is written. A verb either ends well all the same, or with a status that says so and a
sentence; then nothing half-written has its final name, nothing is left beside it, measured figures are
printed, and the next run of rows or of training ends with the result of an undisturbed one.
"""

import argparse
import os
import shutil
import sys
import time
from pathlib import Path
from typing import Any

import disk
import rows
from forks import ended, fork
from verbs import VERBS, Verb, for_all_verbs, is_missing

NOTHING_DONE = 2  # exit status


class Wrong(Exception):
    """What a full disk must not do."""


def run(verb: Verb, scratch: Path, fail: int, half: bool = False) -> int | None:
    """The exit status of the verb in a fresh folder, of whose changes the number `fail` fails."""
    root = scratch / "run"
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir()
    verb.prepare(root)

    def work() -> None:
        disk.arm(root, None, fail, half)
        try:
            verb.run(root)
        finally:
            (scratch / "count").write_text(str(disk.counted()))

    return ended(fork(work, scratch / "log"))


def ask(verb: Verb, scratch: Path, status: int | None, fail: int, expected: Any, former: Any) -> bool:
    """Whether it ended well all the same; raises `Wrong` for what must not be."""
    root, log = scratch / "run", (scratch / "log").read_text()
    if "Traceback" in log:
        raise Wrong("a traceback")
    if status == verb.status:
        if verb.result(root) != expected:
            raise Wrong("it says that all is well, and the result is another")
        return True
    sentence = log.strip().splitlines()[-1] if log.strip() else ""
    if status != NOTHING_DONE or not sentence.startswith("inception-hub: ") or not sentence.endswith("."):
        raise Wrong(f"it ends with {status} and {sentence[-200:]!r}")
    growing = verb.resumes and "--format" in verb.arguments and "parquet" not in verb.arguments
    found = verb.result(root)  # raises for what is not whole
    if not growing and found not in (None, former, expected):
        raise Wrong("it leaves something else under the final name")
    if verb.arguments[0] == "evaluate" and fail > 1 and "top-1" not in log:
        raise Wrong("figures are lost")
    if left := [p for p in root.rglob("*.partial") if not p.name.startswith("pixels")]:
        raise Wrong(f"it leaves {left}")
    if verb.resumes:
        status = ended(fork(lambda: verb.run(root, again=True), scratch / "log"))
        if status != verb.status or verb.result(root) != expected:
            raise Wrong(f"the next run ends with {status}: {(scratch / 'log').read_text()[-1000:]}")
    return False


def fill(task: tuple[int, int, Path]) -> rows.Row | None:
    """The row of the verb of a number, at most so many of whose changes fail; `scratch` is its own.

    None: it cannot be run here.
    """
    number, most, scratch = task
    verb = VERBS[number]
    scratch.mkdir()
    (scratch / "former").mkdir()
    verb.prepare(scratch / "former")
    former = verb.result(scratch / "former")
    begun, status = time.monotonic(), run(verb, scratch, 0)
    if status == 2 and is_missing((scratch / "log").read_text()):
        print(f"{verb.name} is left out, as its software is missing", file=sys.stderr)
        return None
    assert status == verb.status, f"{verb.name} ends with {status}: {(scratch / 'log').read_text()}"
    expected, count = verb.result(scratch / "run"), int((scratch / "count").read_text())
    tried = sorted({1 + place * count // min(most, count) for place in range(min(most, count))})
    well = refused = 0
    for fail in tried:
        try:
            if ask(verb, scratch, run(verb, scratch, fail, half=fail % 2 == 1), fail, expected, former):
                well += 1
            else:
                refused += 1
        except Exception as error:
            log = (scratch / "log").read_text()[-1500:]
            print(f"{verb.name}, change {fail} of {count}: {error!r}\n{log}", file=sys.stderr)
    shutil.rmtree(scratch)
    row = rows.Row(f"`{verb.name}`: {len(tried)} of {count} changes", len(tried), well, refused)
    print(row, f"{time.monotonic() - begun:.0f} s", file=sys.stderr)
    return row


def main(most: int, only: list[str], jobs: int, write_docs: bool) -> None:
    found = for_all_verbs(fill, most, only, jobs)
    note = "Right answer: it ended well all the same, as where a compiled graph or a curve was not kept."
    rows.report("full_disks", found, note, write_docs=write_docs)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--most", type=int, default=100, help="changes of a verb that fail")
    parser.add_argument("--only", action="append", default=[], help="part of a verb's name")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--write-docs", action="store_true")
    given = parser.parse_args()
    main(given.most, given.only, given.jobs, given.write_docs)
