"""`inception-hub serve` under load: `python benchmarks/serving.py PHOTOS [--litserve PYTHON]`.

PHOTOS is a folder of photos or a Parquet file of them. All in one run, on the bundled module at 224 x 224,
the original's size: offline `classify`, the server with wrk in another process,
LitServe with the same module in its best of three settings. PYTHON has litserve and this package. Needs wrk.
"""

import argparse
import base64
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import cycle, islice
from pathlib import Path
from statistics import median

import inception_hub as hub
from inception_hub import bundle
from inception_hub.engines import PrecisionChoice
from inception_hub.inference.decoding import Photo
from inception_hub.inference.options import Options
from inception_hub.inference.pipeline import infer

HERE = Path(__file__).parent
PHOTOS = 64
SATURATING = 16  # connections
LITSERVE = ((1, 4), (2, 1), (2, 4))  # workers, batch


@dataclass
class Load:
    """What wrk saw: answers and refusals a second, its percentiles of all of them in ms."""

    answered: float
    refused: float
    p50: float
    p99: float
    errors: str


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("photos", type=Path)
    parser.add_argument("--litserve", metavar="PYTHON")
    parser.add_argument("--precision", default="f32")
    parser.add_argument("--seconds", type=int, default=10)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        photos = gather(options.photos, folder)
        bundled = hub.load_module_spec("tiny_imagenet").bundle
        bundle.write(replace(bundled, image_size=(224, 224)), folder / "module")
        measure(folder, photos, options.precision, options.seconds, options.litserve)


def measure(
    folder: Path, photos: list[bytes], precision: PrecisionChoice, seconds: int, litserve: str | None
) -> None:
    """Prints each figure as it is taken."""
    module = hub.Module(folder / "module", precision=precision)
    offline = [throughput(module, photos, seconds)]
    command = [sys.executable, "-m", "inception_hub", "serve", "--module", str(folder / "module")]
    with running([*command, "--precision", precision], "/v2/health/ready") as (port, process):
        path = f"http://127.0.0.1:{port}/classify?top=1"
        wrk(path, folder / "raw", SATURATING, 3)
        ours = [wrk(path, folder / "raw", SATURATING, seconds)]
        offline.append(throughput(module, photos, seconds))
        ours.append(wrk(path, folder / "raw", SATURATING, seconds))
        capacity = median(load.answered for load in ours)
        print(f"offline classify: {' '.join(f'{rate:.1f}' for rate in offline)} photos/s")
        print(
            f"serve, {SATURATING} connections: {' '.join(f'{load.answered:.1f}' for load in ours)} photos/s"
        )
        print(f"serve / offline: {capacity / median(offline):.2f}")
        alone = wrk(path, folder / "raw", 1, seconds)
        print(f"one photo at a time: median {alone.p50:.1f} ms, p99 {alone.p99:.1f} ms")
        half = wrk(path, folder / "raw", 32, seconds, rate=capacity / 2)
        print(f"half load, {half.answered:.1f}/s: median {half.p50:.1f} ms, p99 {half.p99:.1f} ms", end="")
        print(f", {half.p99 / alone.p50:.1f} x one photo's; refused {half.refused:.1f}/s {half.errors}")
        before = peak(process)
        over = wrk(path, folder / "raw", 250, seconds, rate=capacity * 3)
        print(f"3 x capacity: {over.answered:.1f}/s answered, {over.refused:.1f}/s refused, ", end="")
        print(f"p99 {over.p99:.0f} ms; errors: {over.errors or 'none'}")
        print(f"peak memory: {before:.0f} MB before, {peak(process):.0f} MB after")
        again = wrk(path, folder / "raw", SATURATING, seconds)
        print(f"afterwards: {again.answered:.1f} photos/s, refused {again.refused:.1f}/s {again.errors}")
    if litserve is None:
        return
    best = 0.0
    for workers, batch in LITSERVE:
        arguments = [str(folder / "module"), precision, str(workers), str(batch)]
        with running([litserve, str(HERE / "serving_litserve.py"), *arguments], "/health") as (port, _):
            path = f"http://127.0.0.1:{port}/predict"
            wrk(path, folder / "json", SATURATING, 3)
            load = wrk(path, folder / "json", SATURATING, seconds)
        print(f"LitServe, {workers} workers, batches of {batch}: {load.answered:.1f} photos/s {load.errors}")
        best = max(best, load.answered)
    print(f"serve / LitServe: {capacity / best:.2f}" if best else "LitServe answered nothing.")


def gather(source: Path, folder: Path) -> list[bytes]:
    """The bytes of some photos, and the same as bodies for wrk: raw, and as JSON in base64."""
    if source.is_dir():
        photos = [path.read_bytes() for path in sorted(source.rglob("*")) if path.is_file()]
    else:
        import pyarrow.parquet as parquet

        photos = [row["bytes"] for row in parquet.read_table(source, columns=["image"])["image"].to_pylist()]
    chosen = list(islice(cycle(photos), PHOTOS))
    for kind in ("raw", "json"):
        (folder / kind).mkdir()
    for number, photo in enumerate(chosen):
        (folder / "raw" / f"{number}").write_bytes(photo)
        text = json.dumps({"image": base64.b64encode(photo).decode()})
        (folder / "json" / f"{number}").write_text(text)
    return chosen


def throughput(module: hub.Module, photos: list[bytes], seconds: int) -> float:
    """Photos a second through the pipeline behind `classify`."""

    def endless() -> Iterator[Photo]:
        for number, photo in enumerate(cycle(photos)):
            if time.perf_counter() - began > seconds:
                return
            yield Photo(str(number), photo)

    for _ in infer(module, [Photo("", photo) for photo in photos[:16]], Options(top=1)):
        pass
    began = time.perf_counter()
    return sum(1 for _ in infer(module, endless(), Options(top=1))) / (time.perf_counter() - began)


@contextmanager
def running(command: list[str], health: str) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    """A server in a process group of its own, once it says that it is ready."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = subprocess.Popen([*command, "--port", str(port)], start_new_session=True)
    try:
        wait(lambda: urllib.request.urlopen(f"http://127.0.0.1:{port}{health}").status == 200)
        yield port, process
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def wait(ready: Callable[[], bool]) -> None:
    for _ in range(600):
        try:
            if ready():
                return
        except OSError:
            pass
        time.sleep(0.1)
    sys.exit("The server did not become ready within a minute.")


def wrk(url: str, bodies: Path, connections: int, seconds: int, rate: float | None = None) -> Load:
    """`rate`: requests a second in all, each connection pausing at random; None: as many as are answered."""
    pause = 0.0 if rate is None else 1000 * connections / rate
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "20s", "--latency"]
    command += ["-s", str(HERE / "serving.lua"), url, "--", str(bodies), str(PHOTOS), str(pause)]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    counts = re.search(
        r"answered (\d+) refused (\d+) other (\d+) seconds ([\d.]+) p50 ([\d.]+) p99 ([\d.]+)", text
    )
    assert counts is not None, text
    answered, refused, other, taken, p50, p99 = map(float, counts.groups())
    errors = re.search(r"Socket errors: .*", text)
    note = " ".join([*([f"{other:.0f} other answers"] if other else []), *([errors[0]] if errors else [])])
    return Load(answered / taken, refused / taken, p50, p99, note)


def peak(process: subprocess.Popen[bytes]) -> float:
    """MB, the most it has held so far."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    return int(re.findall(r"VmHWM:\s+(\d+)", status)[0]) / 1024


if __name__ == "__main__":
    main()
