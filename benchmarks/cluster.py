"""`classify --ray` on two nodes of one core each: `python benchmarks/cluster.py PHOTOS [--write-docs]`.

PHOTOS is a folder of photos or a Parquet file of them, repeated to --count. The bundled module at 224 x 224,
the original's size: without Ray on all cores, with one worker, with two, and with two of which one's node is
killed half-way. The rows of each run must be those without Ray, every one once. Needs the extra `ray`.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import pyarrow.dataset
import pyarrow.parquet

os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
os.environ["RAY_worker_niceness"] = "0"  # as the command without Ray

from peers import page
from ray.cluster_utils import Cluster  # pyright: ignore[reportMissingImports]

import inception_hub as hub
from inception_hub import bundle
from inception_hub.images.find import find_images

PAGE = Path(__file__).resolve().parents[1] / "docs" / "cluster.md"


@dataclass(frozen=True)
class Run:
    """How long a whole command took, start and end of its processes included, on `cores`."""

    what: str
    cores: int
    seconds: float


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("photos", type=Path)
    parser.add_argument("--count", type=int, default=5000)
    parser.add_argument("--price", type=float, default=0.045, help="dollars for a core and an hour")
    parser.add_argument("--write-docs", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        bundled = hub.load_module_spec("tiny_imagenet").bundle
        bundle.write(replace(bundled, image_size=(224, 224)), folder / "module")
        gather(options.photos, folder / "photos", options.count)
        runs = list(measure(folder))
    text = table(runs, options.count, options.price)
    print(text)
    if options.write_docs:
        page.write("cluster", text, PAGE)


def gather(source: Path, folder: Path, count: int) -> None:
    """`count` files, some the same photo if `source` has fewer."""
    if source.is_dir():
        photos = [Path(path).read_bytes() for path in islice(find_images([str(source)]), count)]
    else:
        photos = [image["bytes"] for image in pyarrow.parquet.read_table(source)["image"].to_pylist()]
    folder.mkdir()
    for number, photo in enumerate(islice(cycle(photos), count)):
        (folder / f"{number:06}.jpg").write_bytes(photo)


def measure(folder: Path) -> Iterator[Run]:
    cores = os.cpu_count() or 1
    yield Run(f"without Ray, {cores} cores", cores, classify(folder, "alone.parquet"))
    with nodes(1) as cluster:
        yield Run("one worker", 1, classify(folder, "one", "--ray", cluster.address))
    with nodes(2) as cluster:
        two = classify(folder, "two", "--ray", cluster.address)
    yield Run("two workers, each a node", 2, two)
    with nodes(2) as cluster:
        timer = threading.Timer(two / 2, cluster.worker_nodes.pop().kill_raylet)
        timer.start()
        survived = classify(folder, "survived", "--ray", cluster.address)
        assert timer.finished.is_set(), "the run was over before the node was killed"
    yield Run("two workers, one node killed half-way", 2, survived)
    expected = rows(folder / "alone.parquet")
    assert len({row["path"] for row in expected}) == len(expected)
    for output in ("one", "two", "survived"):
        assert rows(folder / output) == expected, f"{output} differs"


@contextmanager
def nodes(count: int) -> Iterator[Any]:
    """A cluster of a head without a core and `count` nodes with one each."""
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False})
    try:
        for _ in range(count):
            cluster.add_node(num_cpus=1)
        cluster.wait_for_nodes()
        yield cluster
    finally:
        cluster.shutdown()


def classify(folder: Path, output: str, *more: str) -> float:
    """Seconds of the whole command."""
    command = [sys.executable, "-m", "inception_hub", "classify", "photos", "--module", "module"]
    began = time.perf_counter()
    subprocess.run([*command, "--format", "parquet", "--output", output, *more], check=True, cwd=folder)
    return time.perf_counter() - began


def rows(path: Path) -> list[dict[str, Any]]:
    found = pyarrow.dataset.dataset(path, format="parquet").to_table().to_pylist()
    return sorted(found, key=lambda row: row["path"])


def table(runs: list[Run], count: int, price: float) -> str:
    lines = [
        f"| {count:,} photos | seconds | photos/s | photos/s and core | a million photos |",
        "|---|---|---|---|---|",
    ]
    for run in runs:
        rate = count / run.seconds
        cost = 1e6 / (rate / run.cores) / 3600 * price
        lines.append(
            f"| {run.what} | {run.seconds:.0f} | {rate:.1f} | {rate / run.cores:.1f} | ${cost:.2f} |"
        )
    ratio = runs[1].seconds / runs[2].seconds
    lines += [
        "",
        f"Two workers take {1 / ratio:.2f} of one's time. The rows of all runs are the same to the last bit, "
        f"each once; none was lost with the node. A core and hour at ${price:g}. {page.machine()}.",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
