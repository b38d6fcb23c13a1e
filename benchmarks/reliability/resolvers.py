"""Many processes ask for one module at the same moment: `resolvers.py [--write-docs]`.

Each round has an empty cache or one whose entry is damaged, and a loopback server or an archive as the
source. Every process must get the right bytes, and one good entry must be left.
"""

import hashlib
import os
import sys
import tarfile
import tempfile
from collections.abc import Callable
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import rows
from forks import ended, fork
from kills import digest, served, small_module

from inception_hub.sources import original
from inception_hub.sources.cache import VARIABLE, default_cache
from inception_hub.sources.resolve import resolve

PROCESSES, ROUNDS = 16, 20


def ask(make: Callable[[], Path], barrier: object, right: str) -> None:
    barrier.wait()  # pyright: ignore[reportAttributeAccessIssue]
    if digest(make()) != right:
        sys.exit(3)


def rounds(what: str, make: Callable[[], Path], scratch: Path, damaged: bool) -> rows.Row:
    good = 0
    for number in range(ROUNDS):
        os.environ[VARIABLE] = str(scratch / f"{what} {damaged} {number}".replace(" ", "_"))
        right = digest(make())
        (entry,) = default_cache().ls()
        if damaged:
            os.truncate(entry.path / "weights.safetensors", number)
        else:
            default_cache().remove(entry.key)
        barrier = get_context("fork").Barrier(PROCESSES)
        logs = [scratch / f"log{i}" for i in range(PROCESSES)]
        children = [fork(partial(ask, make, barrier, right), log) for log in logs]
        statuses = [ended(child) for child in children]
        left = [digest(entry.path) for entry in default_cache().ls()]
        temporaries = list((default_cache().root / "temporaries").iterdir())
        if left == [right] and not default_cache().verify() and not temporaries:
            good += statuses.count(0)
        for status, log in zip(statuses, logs, strict=True):
            if status != 0:
                print(f"{what} {number}: {status} {log.read_text()}", file=sys.stderr)
    state = "a damaged entry" if damaged else "no entry"
    return rows.Row(f"{PROCESSES} processes at once, {what}, {state}", ROUNDS * PROCESSES, good, 0)


def main(write_docs: bool) -> None:
    found: list[rows.Row] = []
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        small_module(scratch / "small")
        archive = scratch / "small.tar.gz"
        with tarfile.open(archive, "w:gz") as tar:
            tar.add(scratch / "small", "small")
        content = archive.read_bytes()
        with served(content, scratch) as url:
            digest_384 = hashlib.sha384(content).hexdigest()
            original.ORIGINAL = original.Original((url,), len(content), digest_384)
            for damaged in (False, True):
                found.append(rounds("download", lambda: resolve("imagenet"), scratch, damaged))
                found.append(rounds("archive", lambda: resolve(archive), scratch, damaged))
    rows.report("resolvers", found, write_docs=write_docs)


if __name__ == "__main__":
    main("--write-docs" in sys.argv[1:])
