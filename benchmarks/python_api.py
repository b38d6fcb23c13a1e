"""`hub.classify(FOLDER).to_pandas()` beside `inception-hub classify FOLDER`: speed, processor time, memory.

`python_api.py [--photos N] [--rounds N]`: both answer N small JPEG files, in turn and each in a process of
its own, by the bundled module's int8 graph. Photos a second of the whole process, and its peak memory.
"""

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

DISTINCT = 64  # the others are links to them
COMMAND = (
    "from inception_hub.cli import main; main(['classify', {folder!r}, '--output', {output!r}, *{rest!r}])"
)
API = (
    "import inception_hub as hub; frame = hub.classify({folder!r}, 'tiny_imagenet', precision='int8')"
    ".to_pandas(); assert frame['path'].nunique() == {photos}, len(frame)"
)
PEAK = "import resource; print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"


def make_photos(folder: Path, count: int) -> None:
    """`count` JPEG files of 320 x 240."""
    generator = np.random.default_rng(0)
    for number in range(count):
        path = folder / f"{number:06}.jpg"
        if number < DISTINCT:
            small = Image.fromarray(generator.integers(0, 255, (24, 32, 3), np.uint8))
            small.resize((320, 240), Image.Resampling.BICUBIC).save(path, quality=90)
        else:
            os.link(folder / f"{number % DISTINCT:06}.jpg", path)


def run(code: str) -> tuple[float, float, float]:
    """Seconds of wall and of processor time, and the peak of memory in MB."""
    code = f"import atexit; atexit.register(lambda: exec({PEAK!r})); {code}"
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    wall = time.perf_counter() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return wall, processor, int(done.stdout.splitlines()[-1]) / 1024


def main(photos: int, rounds: int) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "photos"
        folder.mkdir()
        make_photos(folder, photos)
        output = str(Path(scratch) / "rows.csv")
        rest = ["--module", "tiny_imagenet", "--precision", "int8"]
        ways = {
            "inception-hub classify": COMMAND.format(folder=str(folder), output=output, rest=rest),
            "hub.classify(...).to_pandas()": API.format(folder=str(folder), photos=photos),
        }
        figures: dict[str, list[tuple[float, float, float]]] = {name: [] for name in ways}
        for _ in range(rounds):
            for name, code in ways.items():
                Path(output).unlink(missing_ok=True)
                figures[name].append(run(code))
        print("| | photos/s | ms of processor a photo | peak memory |\n|---|---|---|---|")
        for name, measured in figures.items():
            wall, processor, peak = (statistics.median(each) for each in zip(*measured, strict=True))
            print(f"| `{name}` | {photos / wall:.0f} | {1e3 * processor / photos:.2f} | {peak:.0f} MB |")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--photos", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    main(options.photos, options.rounds)
