"""Fine-tuning against training from scratch, same budget: `python benchmarks/flowers.py DATA [RUN ...]`.

DATA: TensorFlow's flower_photos as `finetune` reads it. RUN: head, both, scratch (all three by default).
`scratch` is the same network with fresh weights through the same second phase: as many epochs and photos.
"""

import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import inception_hub as hub
from inception_hub.module_spec import ModuleSpec
from inception_hub.training.finetune import finetune
from inception_hub.training.finetune_options import FinetuneOptions
from inception_hub.weights import initialise

RUNS = {
    "head": FinetuneOptions(phases="head"),
    "both": FinetuneOptions(),
    "scratch": FinetuneOptions(phases="full"),
}


def base(run: str) -> ModuleSpec:
    """The bundled module, or one that has learned nothing."""
    spec = hub.load_module_spec("tiny_imagenet")
    if run != "scratch":
        return spec
    return ModuleSpec(replace(spec.bundle, weights=initialise(spec.bundle.architecture, 0)))


def main(data: str, runs: list[str]) -> None:
    print("| run | top-1 | ECE | minutes |\n|---|---|---|---|")
    for run in runs:
        with tempfile.TemporaryDirectory() as folder:
            start = time.perf_counter()
            result = finetune(data, Path(folder) / run, base(run), options=RUNS[run])[-1]
            minutes = (time.perf_counter() - start) / 60
            print(f"| {run} | {result.top1:.2%} | {result.ece:.3f} | {minutes:.1f} |", flush=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:] or list(RUNS))
