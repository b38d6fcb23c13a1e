"""How our time and memory grow with the number of files and their pixels, and what a second core brings.

    python benchmarks/scaling.py [--precision f32] [--most 10000] [--rounds 3] [--write-docs]

Uses what `compare.py` makes in benchmarks/.work. Every measurement is a fresh process that classifies a list
of JPEG files; of long lists the same 240 files come again and again, which is all the same to the pipeline.
"""

import argparse
import os
import statistics
from collections.abc import Callable
from pathlib import Path

from compare import made_models, made_photos
from peers import page
from peers.catalogue import BASE, OURS
from peers.processes import WORK, Measured, measured, python_of

COUNTS = (100, 500, 2_000, 10_000)
SIZES = ((640, 480), (1280, 960), (2048, 1536), (2816, 2112), (4000, 3000))
PHOTOS, WARM_UP = 48, 16  # of each size; the latter uncounted


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--precision", choices=["f32", "bf16", "int8"], default="f32")
    parser.add_argument("--most", type=int, default=COUNTS[-1], help="files")
    parser.add_argument("--rounds", type=int, default=3, help="of each size of photo; files are counted once")
    parser.add_argument("--write-docs", action="store_true", help="put the tables into docs/performance.md")
    parser.add_argument("--python", metavar="PEER=PATH", action="append", default=[], help="as in compare.py")
    given = parser.parse_args()
    pythons = dict(pair.split("=", 1) for pair in given.python)
    pythons = {peer: python_of(peer, pythons) for peer in (BASE.peer, OURS.peer)}
    models = made_models(pythons)

    def run(photos: list[Path], precision: str = given.precision) -> Measured:
        paths = WORK / "scaling.txt"
        paths.write_text("\n".join(map(str, photos)))
        return measured(pythons[OURS.peer], OURS.peer, precision, models, paths, WARM_UP)

    text = "\n\n".join(
        (
            by_files(run, sorted(made_photos(pythons[OURS.peer], "small").iterdir()), given.most),
            by_pixels(run, pythons[OURS.peer], given.rounds),
            by_cores(run, sorted(made_photos(pythons[OURS.peer], "typical").iterdir()), given.rounds),
            f"{given.precision} where no precision stands; {page.machine()}.",
        )
    )
    print(text)
    if given.write_docs:
        page.write("scaling", text)


def by_files(run: Callable[[list[Path]], Measured], photos: list[Path], most: int) -> str:
    """One row per number of files."""
    lines = ["| files | seconds | ms a file | peak MB |", "|---|---|---|---|"]
    for count in (count for count in COUNTS if count <= most):
        found = run([photos[number % len(photos)] for number in range(count)])
        rate = found.photos_per_second
        lines.append(f"| {count:,} | {count / rate:.1f} | {1000 / rate:.1f} | {found.peak_mb:.0f} |")
        print(lines[-1], flush=True)
    return "\n".join(lines)


def by_pixels(run: Callable[[list[Path]], Measured], python: str, rounds: int) -> str:
    """One row per size of photo, and the straight line through them."""
    runs: dict[tuple[int, int], list[Measured]] = {size: [] for size in SIZES}
    for _ in range(rounds):
        for (width, height), found in runs.items():
            found.append(run(sorted(made_photos(python, f"{width}x{height}", PHOTOS).iterdir())))
    megapixels = [width * height / 1e6 for width, height in SIZES]
    cost = [statistics.median(1000 / one.photos_per_second for one in found) for found in runs.values()]
    lines = ["| photos | megapixels | ms a file | on the line | peak MB |", "|---|---|---|---|---|"]
    slope, constant = statistics.linear_regression(megapixels, cost)
    for (size, found), pixels, milliseconds in zip(runs.items(), megapixels, cost, strict=True):
        peak = statistics.median(one.peak_mb for one in found)
        line = constant + slope * pixels
        lines.append(
            f"| {size[0]} x {size[1]} | {pixels:.1f} | {milliseconds:.1f} | {line:.1f} | {peak:.0f} |"
        )
    fit = statistics.correlation(megapixels, cost) ** 2
    return "\n".join(lines) + (
        f"\n\nThe line: {constant:.1f} ms and {slope:.2f} ms a megapixel; R² {fit:.3f}."
    )


def by_cores(run: Callable[[list[Path], str], Measured], photos: list[Path], rounds: int) -> str:
    """One row per precision: photos of 500 x 375 on 1, 2, 4, ... cores, to which the process is tied."""
    cores = sorted(os.sched_getaffinity(0))
    counts = [2**power for power in range(len(cores).bit_length()) if 2**power <= len(cores)]
    lines = [
        f"| photos a second, cores: | {' | '.join(map(str, counts))} | times |",
        "|---" * (len(counts) + 2) + "|",
    ]
    for precision in ("f32", "bf16", "int8"):
        rates = []
        for count in counts:
            os.sched_setaffinity(0, cores[:count])  # children have the same
            rates.append(statistics.median(run(photos, precision).photos_per_second for _ in range(rounds)))
        os.sched_setaffinity(0, cores)
        figures = " | ".join(f"{rate:.1f}" for rate in rates)
        lines.append(f"| {precision} | {figures} | {rates[-1] / rates[0]:.2f} |")
        print(lines[-1], flush=True)
    return "\n".join(lines)


if __name__ == "__main__":
    main()
