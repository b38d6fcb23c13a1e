"""Downloads, conversions and long runs ended at random moments: `kills.py [--kills N] [--write-docs]`.

After each of N SIGKILLs of a download or a conversion the cache is hashed, and the same is asked for once
more, which must give the right bytes. A run of `classify` or `embed` is ended and resumed until it is done;
then its rows must be those of an unbroken run, each once and in order.
"""

import argparse
import csv
import hashlib
import http.server
import json
import os
import random
import shutil
import signal
import sys
import tarfile
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pyarrow.parquet
import rows
from forks import cut_short, ended, fork, life
from PIL import Image

from inception_hub import bundle, weights
from inception_hub.architecture import Architecture
from inception_hub.cli import main as command
from inception_hub.labels import Labels
from inception_hub.sources import original
from inception_hub.sources.cache import VARIABLE, default_cache
from inception_hub.sources.resolve import resolve

GOLDEN = Path(__file__).parents[3] / "shared" / "golden" / "slim_v1_checkpoint.tar.gz"
CLASSES = 5
PHOTOS = 300


def small_module(directory: Path) -> None:
    architecture = Architecture(0.25, CLASSES)
    labels = Labels(tuple("abcde"), (None,) * CLASSES)
    made = weights.initialise(architecture, 0)
    provenance = bundle.Provenance("random numbers")
    bundle.write(bundle.Bundle("small", architecture, made, labels, provenance, (64, 64)), directory)


def serve_slowly(content: bytes, port_file: Path) -> None:
    """Sends `content` in fifty pieces over a tenth of a second, whatever is asked for."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            size = len(content) // 50 + 1
            try:
                for start in range(0, len(content), size):
                    self.wfile.write(content[start : start + size])
                    time.sleep(0.002)
            except OSError:
                pass  # the other end was killed

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    port_file.with_suffix(".new").write_text(str(server.server_port))
    os.replace(port_file.with_suffix(".new"), port_file)
    server.serve_forever()


@contextmanager
def served(content: bytes, scratch: Path) -> Iterator[str]:
    """The URL of a server in a process of its own."""
    port = scratch / "port"
    server = fork(lambda: serve_slowly(content, port), scratch / "server.log")
    try:
        while not port.exists():
            time.sleep(0.01)
        os.environ["no_proxy"] = "*"
        yield f"http://127.0.0.1:{port.read_text()}/small.tar.gz"
    finally:
        os.kill(server, signal.SIGKILL)
        os.waitpid(server, 0)


def digest(directory: Path) -> str:
    files = sorted(directory.iterdir())
    return hashlib.sha256(b"".join(path.name.encode() + path.read_bytes() for path in files)).hexdigest()


def cache_kills(what: str, make: Callable[[], Path], kills: int, scratch: Path) -> rows.Row:
    """`make` gives the path of an entry of the cache; every other time it finds a damaged one there."""
    log, root = scratch / "log", scratch / what
    os.environ[VARIABLE] = str(root)
    seconds = life(make, log) * 1.1
    right = digest(make())
    good, slowest = 0, 0.0
    for number in range(kills):
        if number % 2:
            shutil.rmtree(root / "modules")
        else:
            victim = random.choice(list(make().iterdir()))
            os.truncate(victim, random.randrange(victim.stat().st_size))
        status = cut_short(make, log, seconds, signal.SIGKILL)
        found = [digest(entry.path) for entry in default_cache().ls()]
        begun = time.monotonic()
        again = digest(make())
        slowest = max(slowest, time.monotonic() - begun)
        if status in (0, -signal.SIGKILL) and found in ([], [right]) and again == right:
            good += 1
        else:
            print(f"{what} {number}: {status} {found} {again} {log.read_text()}", file=sys.stderr)
    return rows.Row(f"SIGKILL of a {what}", kills, good, 0, slowest)


def answers_in(path: Path) -> list[tuple[str, str, list[float]]]:
    """(path, error, numbers) of each row in the order of the file."""
    if path.suffix == ".csv":
        found: list[tuple[str, str, list[float]]] = []
        for line in csv.DictReader(path.read_text("utf-8").splitlines()):
            if line.get("rank") in (None, "", "1"):
                found.append((line["path"], line["error"], []))
            if "rank" not in line:
                found[-1][2].extend(float(v) for k, v in line.items() if k.startswith("v") and v)
            elif line["rank"]:
                found[-1][2].append(float(line["probability"]))
        return found
    if path.suffix == ".parquet":
        records = pyarrow.parquet.ParquetFile(path).read(use_threads=False).to_pylist()
    else:
        records = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    return [
        (
            record["path"],
            record.get("error") or "",
            record.get("vector") or [p["probability"] for p in record.get("predictions") or ()],
        )
        for record in records
    ]


def same(one: list[tuple[str, str, list[float]]], other: list[tuple[str, str, list[float]]]) -> bool:
    """Numbers may differ by the rounding of other batches."""
    return [row[:2] for row in one] == [row[:2] for row in other] and all(
        np.allclose(a[2], b[2], rtol=1e-4, atol=1e-5) for a, b in zip(one, other, strict=True)
    )


def run_kills(verb: str, format: str, kills: int, scratch: Path) -> rows.Row:
    log, target = scratch / "log", scratch / f"{verb}.{format}"
    arguments = [verb, str(scratch / "photos"), "--module", str(scratch / "small"), "--format", format]
    arguments += ["--output", str(target), "--resume"]

    def clear() -> None:
        target.unlink(missing_ok=True)
        shutil.rmtree(target.with_name(f"{target.name}.parts"), ignore_errors=True)

    def work() -> None:
        command(arguments)

    begun = time.monotonic()
    if ended(fork(work, log)) != 1:  # some photos are damaged
        sys.exit(f"Unbroken, it failed: {log.read_text()}")
    seconds = time.monotonic() - begun
    right = answers_in(target)
    tried = good = 0
    while tried < kills:
        clear()
        signals: list[signal.Signals] = []
        status = None
        while status != 1:
            ending = random.choice([signal.SIGKILL] * 2 + [signal.SIGTERM, signal.SIGINT])
            status = cut_short(work, log, seconds, ending)
            signals.append(ending)
            if status not in (1, -ending, 128 + ending):
                print(f"{verb} {format}: {status} after {ending.name}: {log.read_text()}", file=sys.stderr)
                break
        tried += len(signals)
        if status == 1 and same(answers_in(target), right):
            good += len(signals)
        else:
            print(f"{verb} {format}: other rows after {signals}", file=sys.stderr)
    clear()
    return rows.Row(f"signals to `{verb} --format {format} --resume`", tried, good, 0)


def main(kills: int, write_docs: bool) -> None:
    random.seed(0)
    found: list[rows.Row] = []
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        small_module(scratch / "small")
        with tarfile.open(scratch / "small.tar.gz", "w:gz") as tar:
            tar.add(scratch / "small", "small")
        content = (scratch / "small.tar.gz").read_bytes()
        with served(content, scratch) as url:
            digest_384 = hashlib.sha384(content).hexdigest()
            original.ORIGINAL = original.Original((url,), len(content), digest_384)
            found.append(cache_kills("download", lambda: resolve("imagenet"), kills, scratch))
        found.append(cache_kills("conversion", lambda: resolve(GOLDEN), kills, scratch))
        photos = scratch / "photos"
        photos.mkdir()
        for number in range(PHOTOS):
            pixels = np.random.default_rng(number).integers(0, 256, (64, 64, 3), np.uint8)
            Image.fromarray(pixels).save(photos / f"{number:03}.png")
            if number % 50 == 7:
                os.truncate(photos / f"{number:03}.png", 1000)
        for verb in ("classify", "embed"):
            for format in ("jsonl", "csv", "parquet"):
                found.append(run_kills(verb, format, kills // 6, scratch))
    note = (
        "Most seconds: of asking once more. Half of the signals are SIGKILL, the others SIGTERM and SIGINT."
    )
    rows.report("kills", found, note, write_docs=write_docs)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=300)
    parser.add_argument("--write-docs", action="store_true")
    given = parser.parse_args()
    main(given.kills, given.write_docs)
