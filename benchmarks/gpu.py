"""What the PyTorch engine does on a GPU, as tables: `python benchmarks/gpu.py --output FOLDER`.

Writes `inference.md` and `inference.json` (see `gpu_inference.py`), then `training.md` and `training.json`
(see `gpu_training.py`); the tables are printed as they come, too.
"""

import argparse
import datetime
import json
import os
import sys
import traceback
from dataclasses import asdict
from pathlib import Path
from typing import Any

import gpu_inference as inference
import gpu_training as training
import torch
from peers import page


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--output", type=Path, default=Path("gpu-results"), help="folder, made if need be")
    parser.add_argument("--batches", type=int, nargs="+", default=[256, 1, 32])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=30.0, help="for the ways to answer, all together")
    parser.add_argument("--photos", type=int, default=inference.PHOTOS, help="that classify answers for")
    parser.add_argument("--no-compile", action="store_true", help="answer without torch.compile")
    parser.add_argument("--training-sizes", type=int, nargs="*", default=list(training.AIMS), metavar="PX")
    parser.add_argument("--training-batch", type=int, default=1024)
    parser.add_argument("--compile-training", action="store_true", help="one size by torch.compile, too")
    given = parser.parse_args()
    device = torch.device(given.device)
    if device.type == "cuda" and not torch.cuda.is_available():
        parser.error("PyTorch finds no GPU here; --device cpu shows that the script runs.")
    failed = False
    for measure in (measure_inference, measure_training):
        try:  # a machine is lent for minutes: what fails keeps the rest from nothing
            measure(given, device)
        except Exception:
            traceback.print_exc()
            failed = True
    sys.exit(failed)


def measure_inference(given: argparse.Namespace, device: torch.device) -> None:
    print(inference.HEAD, flush=True)
    rows = inference.measure(device, given.batches, given.rounds, given.seconds, not given.no_compile)
    print(f"\n{inference.CLASSIFIED_HEAD}", flush=True)
    classified = inference.classify(device, given.photos)
    parts = [
        "\n".join([inference.HEAD, *map(inference.line, rows)]),
        "\n".join([inference.CLASSIFIED_HEAD, *map(inference.classified_line, classified)]),
        f"{machine(device)}, {inference.SIZE} x {inference.SIZE}, {given.rounds} rounds.",
    ]
    facts = {"ways": [asdict(row) for row in rows], "classify": [asdict(row) for row in classified]}
    write(given.output, "inference", "\n\n".join(parts), facts | {"machine": machine(device)})


def measure_training(given: argparse.Namespace, device: torch.device) -> None:
    """Written row by row, as a machine may be given back at any moment."""
    print(f"\n{training.HEAD}", flush=True)
    lines, rows = [training.HEAD], []
    for row in training.measure(
        given.device, given.training_sizes, given.training_batch, given.compile_training
    ):
        rows.append(asdict(row))
        lines.append(training.line(row))
        print(lines[-1], flush=True)
        facts = {"sizes": rows, "machine": machine(device)}
        write(given.output, "training", "\n".join(lines) + f"\n\n{machine(device)}.", facts)


def machine(device: torch.device) -> str:
    """The card, its host, versions and the date."""
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else page.machine()
    cuda = f", CUDA {torch.version.cuda}" if device.type == "cuda" else ""
    versions = f"torch {torch.__version__}{cuda}"
    return f"{name}, {os.cpu_count()} CPU cores, {versions}, {datetime.date.today().isoformat()}"


def write(folder: Path, name: str, text: str, facts: dict[str, Any]) -> None:
    """`name`.md and `name`.json in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.md").write_text(text + "\n", "utf-8")
    (folder / f"{name}.json").write_text(json.dumps(facts, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
