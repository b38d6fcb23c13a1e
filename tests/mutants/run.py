"""Makes one plausible slip at a time in a copy of the source, and sees which of them the tests notice.

`make mutants`, or `python tests/mutants/run.py [--changed REV] [--only ROOM[/NAME]] [--jobs N]`.

A slip is data, in a file for each room of the house: `file` (below `src/inception_hub`), `text` that stands
there once, its `replacement`, the `consequence` for who uses the package, and the `tests` that must notice.
`harmless` says why one that stays unnoticed does not matter, `needs` names a library that its tests need.
mutmut and cosmic-ray make every slip that a syntax tree allows, thousands of which mean nothing to anybody:
those here are chosen, and each says what it would cost.

What was found is kept by the content of all that bears on it, so that an interrupted run
continues where it was.
"""

import argparse
import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
PACKAGE = Path("src") / "inception_hub"
COPIED = (".ci", "src", "tests", "benchmarks", "docs", "recipes", "pyproject.toml", "README.md", "Makefile")
RESULTS = ROOT / "build" / "mutants.jsonl"
LONGEST = 600  # s of one run of tests; what hangs is noticed
BUDGET = 300  # s of `--changed`, after which no more runs of tests begin
OVERALL, IN_EVERY_ROOM = 0.95, 0.90
PASSED, FAILED, INTERRUPTED = 0, 1, 2  # pytest's exit status
# Where Ray is installed its tests run too: pyproject.toml leaves them out.
LEFT_OUT = ("slow", "tensorflow", "browser", "gpu", "clients", "exports", "trackers")
MARKERS = " and ".join(f"not {marker}" for marker in LEFT_OUT)
RAY = ["-m", MARKERS] if importlib.util.find_spec("ray") else []


@dataclass(frozen=True)
class Slip:
    """One change of one file; `tests` lie below `tests/`."""

    room: str
    name: str
    file: str
    text: str
    replacement: str
    consequence: str
    tests: tuple[str, ...]
    harmless: str = ""
    needs: str = ""

    @property
    def source(self) -> Path:
        return PACKAGE / self.file

    def __str__(self) -> str:
        return f"{self.room}/{self.name}"


class Stale(Exception):
    """Slips that no longer apply, or whose tests are gone."""


def read_slips(folder: Path = HERE) -> list[Slip]:
    """All slips, by room; raises `TypeError` for a member that is none of a slip's."""
    found = []
    for file in sorted(folder.glob("*.toml")):
        for name, members in tomllib.loads(file.read_text("utf-8")).items():
            found.append(Slip(file.stem, name, **{**members, "tests": tuple(members["tests"])}))
    return found


def applied(slip: Slip, root: Path = ROOT) -> str:
    """The file's content with the slip; raises `Stale` unless its text stands there exactly once."""
    path = root / slip.source
    content = path.read_text("utf-8") if path.is_file() else ""
    if (times := content.count(slip.text)) != 1:
        raise Stale(f"{slip}: its text stands {times} times in {slip.file}; write it anew.")
    if slip.text == slip.replacement:
        raise Stale(f"{slip}: it changes nothing.")
    if missing := [test for test in slip.tests if not (root / "tests" / test).is_file()]:
        raise Stale(f"{slip}: there is no tests/{missing[0]}.")
    return content.replace(slip.text, slip.replacement)


def refuse_stale(slips: Iterable[Slip], root: Path = ROOT) -> None:
    """Raises `Stale` naming all slips that cannot be made."""
    wrong = []
    for slip in slips:
        try:
            applied(slip, root)
        except Stale as error:
            wrong.append(str(error))
    if wrong:
        raise Stale("\n".join(wrong))


class Results:
    """What was found before, and a place for what is found now."""

    def __init__(self, path: Path) -> None:
        self._path, self._lock = path, threading.Lock()
        self._known: dict[str, bool] = {}
        if path.is_file():
            for line in path.read_text("utf-8").splitlines():
                with suppress(ValueError):  # a line that was torn off
                    record = json.loads(line)
                    self._known[record["key"]] = record["noticed"]

    def get(self, key: str) -> bool | None:
        return self._known.get(key)

    def put(self, key: str, name: str, noticed: bool) -> None:
        with self._lock:
            self._known[key] = noticed
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps({"key": key, "name": name, "noticed": noticed}) + "\n")


def key_of(slip: Slip) -> str:
    """Changes with the slip, the file it is made in and the tests that must notice."""
    total = hashlib.sha256(repr((slip.text, slip.replacement, slip.tests)).encode())
    for path in (ROOT / slip.source, *(ROOT / "tests" / test for test in slip.tests)):
        total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


class Copies:
    """Copies of the tree, each for one run of tests at a time."""

    def __init__(self, folder: Path, count: int) -> None:
        self._free: SimpleQueue[Path] = SimpleQueue()
        for number in range(count):
            copy = folder / f"copy{number}" / "tree"
            copy.mkdir(parents=True)
            for name in COPIED:
                if (ROOT / name).is_dir():
                    shutil.copytree(
                        ROOT / name,
                        copy / name,
                        ignore=shutil.ignore_patterns("__pycache__", "found", ".work"),
                    )
                elif (ROOT / name).is_file():
                    shutil.copy(ROOT / name, copy / name)
            self._free.put(copy)

    def notices(self, slip: Slip) -> bool:
        """Whether the slip's tests fail, hang or break with it in the source."""
        copy = self._free.get()
        target = copy / slip.source
        before = target.read_bytes()
        try:
            target.write_text(applied(slip, copy), "utf-8")
            return _run(copy, slip.tests) in (FAILED, INTERRUPTED)
        finally:
            target.write_bytes(before)
            self._free.put(copy)

    def passes(self, test: str) -> bool:
        """Whether a test file passes as things are: one that fails anyway notices nothing."""
        copy = self._free.get()
        try:
            return _run(copy, [test]) == PASSED
        finally:
            self._free.put(copy)


def _run(copy: Path, tests: Sequence[str]) -> int:
    # No bytecode: two slips of one length within a second would share it.
    environment = os.environ | {"PYTHONPATH": str(copy / "src"), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *RAY]
    command += [f"tests/{test}" for test in tests]
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            command, cwd=copy, env=environment, stdout=output, stderr=output, start_new_session=True
        )
        try:
            status = process.wait(LONGEST)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, 9)
            process.wait()
            return FAILED
        if status not in (PASSED, FAILED, INTERRUPTED):
            output.seek(0)
            tail = output.read().decode("utf-8", "replace")[-2000:]
            raise RuntimeError(f"pytest ended with {status} over {', '.join(tests)}:\n{tail}")
        return status


def changed_since(revision: str, slips: Sequence[Slip]) -> list[Slip]:
    """Slips of the files, and of the tests, that differ from a revision."""
    command = ["git", "diff", "--name-only", revision, "--"]
    names = set(
        subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split("\n")
    )
    return [
        slip
        for slip in slips
        if str(slip.source) in names or any(f"tests/{test}" in names for test in slip.tests)
    ]


class WithoutSlips:
    """Which tests pass as things are: one that fails anyway notices nothing."""

    def __init__(self, copies: Copies, results: Results) -> None:
        self._copies, self._results = copies, results
        self._source = hashlib.sha256()
        for path in sorted((ROOT / "src").rglob("*.py")):
            self._source.update(path.read_bytes())
        self._asking: dict[str, threading.Lock] = defaultdict(threading.Lock)

    def refuse_failing(self, test: str) -> None:
        """Raises `RuntimeError` for a test that fails; each is run once."""
        content = (ROOT / "tests" / test).read_bytes()
        key = hashlib.sha256(self._source.digest() + content).hexdigest()
        with self._asking[test]:
            if (fails := self._results.get(key)) is None:
                fails = not self._copies.passes(test)
                self._results.put(key, f"tests/{test} as it is", fails)
        if fails:
            raise RuntimeError(f"tests/{test} fails without any slip; mend it first.")


def measure(slips: Sequence[Slip], jobs: int, seconds: float, results: Results) -> dict[Slip, bool]:
    """Whether each slip is noticed; those not begun within `seconds` are missing.

    Raises `RuntimeError` for tests that fail without any slip.
    """
    end = time.monotonic() + seconds
    keys = {slip: key_of(slip) for slip in slips}
    found = {slip: noticed for slip, key in keys.items() if (noticed := results.get(key)) is not None}
    missing = [slip for slip in slips if slip not in found]
    if not missing:
        return found
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder, ThreadPoolExecutor(jobs) as pool:
        copies = Copies(Path(folder), jobs)
        without = WithoutSlips(copies, results)

        def one(slip: Slip) -> None:
            for test in slip.tests:
                if time.monotonic() > end:
                    return
                without.refuse_failing(test)
            if time.monotonic() > end:
                return
            noticed = copies.notices(slip)
            found[slip] = noticed
            results.put(keys[slip], str(slip), noticed)
            print(f"{'noticed ' if noticed else 'SURVIVED'} {slip}", flush=True)

        for _ in pool.map(one, missing):
            pass
    return found


def report(slips: Sequence[Slip], found: dict[Slip, bool], *, whole: bool) -> bool:
    """Prints the table and the survivors; whether all is as it must be.

    Each survivor must have its reason; the shares are judged over a `whole` sweep alone, as of the few slips
    that one change touches a single harmless one would be too many.
    """
    rooms: dict[str, list[Slip]] = defaultdict(list)
    for slip in slips:
        rooms[slip.room].append(slip)
    good = True
    print(f"\n{'room':20} noticed / made")
    for room, members in rooms.items():
        made = [slip for slip in members if slip in found]
        noticed = sum(found[slip] for slip in made)
        good &= not whole or noticed >= IN_EVERY_ROOM * len(made)
        print(
            f"{room:20} {noticed:7} / {len(made)}"
            + ("" if len(made) == len(members) else f" of {len(members)}")
        )
    noticed = sum(found.values())
    good &= not whole or noticed >= OVERALL * len(found)
    print(f"{'all':20} {noticed:7} / {len(found)}" + (f" = {noticed / len(found):.1%}" if found else ""))
    for slip in slips:
        if slip in found and not found[slip]:
            print(f"\nnot noticed: {slip}\n  {slip.consequence}\n  {slip.harmless or 'No reason is given.'}")
            good &= bool(slip.harmless)
    return good


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument(
        "--changed", metavar="REV", help="only slips that a change since REV touches, for five minutes"
    )
    parser.add_argument("--only", metavar="ROOM[/NAME]", action="append", help="only these; repeatable")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="runs of tests at a time")
    parser.add_argument("--results", type=Path, default=RESULTS, help="what was found before")
    given = parser.parse_args()
    slips = read_slips()
    if given.only:
        slips = [slip for slip in slips if {slip.room, str(slip)} & set(given.only)]
    try:
        refuse_stale(slips)
    except Stale as error:
        sys.exit(f"Slips that no longer apply:\n{error}")
    if given.changed:
        slips = changed_since(given.changed, slips)
    unable = [slip for slip in slips if slip.needs and importlib.util.find_spec(slip.needs) is None]
    for slip in unable:
        print(f"not made: {slip} (its tests need {slip.needs})")
    slips = [slip for slip in slips if slip not in unable]
    results = Results(given.results)
    found = measure(slips, given.jobs, BUDGET if given.changed else float("inf"), results)
    if len(found) < len(slips):
        print(f"\nNo time was left for {len(slips) - len(found)} of {len(slips)} slips.")
    if not report(slips, found, whole=not (given.changed or given.only)):
        sys.exit(1)


if __name__ == "__main__":
    main()
