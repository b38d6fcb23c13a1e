"""Full load for a given time: does memory, the number of open files or of threads grow?

`soak.py classify|train MINUTES RESULT.json`, then `soak.py --write-docs RESULT.json...`. The process samples
itself and brings RESULT.json up to date every minute. The last quarter of the samples is compared with the
second (the first is warm-up): medians of memory, the lowest numbers of open files and threads. A pause of the
whole process (SIGSTOP) does not count.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from statistics import median

import numpy as np
from PIL import Image

EVERY = 5.0  # seconds between samples
PAGE = os.sysconf("SC_PAGE_SIZE")
PHOTOS = Path(__file__).parents[1] / "peers" / "make_photos.py"
MAX_GROWTH = {"memory_mb": 0.05, "files": 0.0, "threads": 0.0}  # share of the second quarter's median


class TimeIsOver(Exception):
    """Raised out of the run by whoever is called often."""


@dataclass
class Monitor:
    """Samples this process in a thread of its own until `seconds` under load have passed."""

    load: str
    seconds: float
    result: Path
    done: int = 0  # photos answered, or epochs of 600 photos trained
    samples: list[tuple[float, float, int, int]] = field(default_factory=list)
    over: bool = False

    def start(self) -> None:
        threading.Thread(target=self._run, daemon=True).start()

    def tick(self, count: int = 1) -> None:
        self.done += count
        if self.over:
            raise TimeIsOver

    def _run(self) -> None:
        elapsed, before = 0.0, time.monotonic()
        while elapsed < self.seconds:
            time.sleep(EVERY)
            now = time.monotonic()
            elapsed += min(now - before, 2 * EVERY)
            before = now
            memory = int(Path("/proc/self/statm").read_text().split()[1]) * PAGE / 2**20
            files, threads = (len(os.listdir(f"/proc/self/{kind}")) for kind in ("fd", "task"))
            self.samples.append((elapsed, memory, files, threads))
            if len(self.samples) % 12 == 0:
                self.report()
        self.over = True

    def report(self) -> dict[str, object]:
        """The figures so far, also as RESULT.json."""
        seconds, *measured = (np.array(column) for column in zip(*self.samples, strict=True))
        quarter = len(seconds) // 4  # the first report comes with twelve samples
        facts: dict[str, object] = {
            "load": self.load,
            "hours": round(float(seconds[-1]) / 3600, 3),
            "done": self.done,
        }
        grown = 0
        for (name, allowed), values in zip(MAX_GROWTH.items(), measured, strict=True):
            # Photos being read are open files for a moment: a leak shows in the lowest count.
            typical = median if name == "memory_mb" else min
            start, end = typical(values[quarter : 2 * quarter]), typical(values[-quarter:])
            facts[name] = {
                "second_quarter": round(float(start), 1),
                "last_quarter": round(float(end), 1),
                "highest": round(float(values.max()), 1),
            }
            grown += end > start * (1 + allowed)
        facts["grown"] = int(grown)
        temporary = self.result.with_suffix(".partial")
        temporary.write_text(json.dumps(facts, indent=2) + "\n")
        os.replace(temporary, self.result)
        return facts


def photos(folder: Path, count: int, *sizes: str) -> list[Path]:
    subprocess.run([sys.executable, PHOTOS, folder, str(count), *sizes], check=True)
    return sorted(folder.iterdir())


def classify(scratch: Path, monitor: Monitor) -> None:
    """The same photos over and over in one run: JPEG, PNG, WebP and GIF, a twentieth of them damaged."""
    from inception_hub import Module
    from inception_hub.inference.decoding import Photo
    from inception_hub.inference.pipeline import infer
    from inception_hub.output.writers import open_writer

    paths = photos(scratch / "photos", 120, "640x480", "480x640", "1600x1200", "300x200")
    for number, path in enumerate(paths):
        if number % 20 == 7:
            os.truncate(path, path.stat().st_size // 2)
        elif kind := {1: "png", 2: "webp", 3: "gif"}.get(number % 10):
            Image.open(path).save(path.with_suffix(f".{kind}"))
            path.unlink()
    files = [Photo(str(path), str(path)) for path in sorted((scratch / "photos").iterdir())]
    module = Module("tiny_imagenet")
    monitor.start()
    with open_writer("jsonl", "predictions", scratch / "rows.jsonl", 5) as writer:
        for answer in infer(module, cycle(files)):
            writer.write(answer.row)
            monitor.tick()


def train(scratch: Path, monitor: Monitor) -> None:
    """Fine-tuning of the whole network, with validation and checkpoints, for more epochs than fit."""
    from inception_hub import load_module_spec
    from inception_hub.evaluation import Epoch
    from inception_hub.training.finetune import finetune
    from inception_hub.training.finetune_options import FinetuneOptions
    from inception_hub.training.listener import RunListener

    for number, path in enumerate(photos(scratch / "photos", 600, "96x96", "120x90")):
        folder = scratch / "data" / "abc"[number % 3]
        folder.mkdir(parents=True, exist_ok=True)
        shutil.move(path, folder)

    class Clock(RunListener):
        def progress(self, task: str, done: int, total: int) -> None:
            monitor.tick(0)

        def epoch(self, epoch: Epoch) -> None:
            monitor.tick()

    monitor.start()
    options = FinetuneOptions(phases="full", epochs=5_000, patience=0, image_size=64)
    finetune(
        str(scratch / "data"),
        scratch / "module",
        load_module_spec("tiny_imagenet"),
        options=options,
        listener=Clock(),
    )


def main(load: str, minutes: float, result: Path) -> int:
    monitor = Monitor(load, minutes * 60, result)
    with tempfile.TemporaryDirectory() as scratch:
        try:
            {"classify": classify, "train": train}[load](Path(scratch), monitor)
        except TimeIsOver:
            pass
    facts = monitor.report()
    print(json.dumps(facts, indent=2))
    return int(bool(facts["grown"]))


def write_docs(results: list[Path]) -> None:
    """The table of docs/reliability.md, whose columns are others than those of the other scripts."""
    from rows import PAGE, page

    lines = [
        "| load | hours | done | MB, from - to | open files, from - to | threads, from - to | that grew |",
        "|---|---|---|---|---|---|---|",
    ]
    for facts in (json.loads(result.read_text()) for result in results):
        unit = "photos" if facts["load"] == "classify" else "epochs of 600 photos"
        spans = [f"{facts[n]['second_quarter']:.0f} - {facts[n]['last_quarter']:.0f}" for n in MAX_GROWTH]
        cells = [facts["load"], f"{facts['hours']:.2f}", f"{facts['done']:,} {unit}", *spans]
        lines.append(f"| {' | '.join(cells)} | **{facts['grown']}** |")
    page.write("soak", "\n".join([*lines, "", f"{page.machine()}."]), PAGE)


if __name__ == "__main__":
    if sys.argv[1] == "--write-docs":
        write_docs([Path(argument) for argument in sys.argv[2:]])
    else:
        sys.exit(main(sys.argv[1], float(sys.argv[2]), Path(sys.argv[3])))
