"""A tiny run that tests share, also as a program: `python runs.py CHECKPOINT CASE [--forked]`.

As a program it prints each epoch's loss (one step an epoch) as JSON lines, then a digest of the weights, so
that runs on other numbers of processes, or killed on the way, can be compared. `--forked` makes two processes
of it, as `torchrun` does, but imports PyTorch once: that takes longer than a short run.
"""

import hashlib
import json
import os
import socket
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from pytest import MonkeyPatch

from inception_hub import load_module_spec
from inception_hub.architecture import Architecture
from inception_hub.engines.torch import Network
from inception_hub.evaluation import Epoch
from inception_hub.system.memory import keep_freed_memory
from inception_hub.training import loop
from inception_hub.training.augmentation import Augmentation
from inception_hub.training.listener import RunListener
from inception_hub.training.recipes import AdamW, Cycle, Muon, Phase, Recipe
from inception_hub.training.run import Run
from inception_hub.training.training_data import Photos
from inception_hub.training.workers import Workers
from inception_hub.weights import initialise

AUGMENTATION = Augmentation(min_area=0.5, colour=0.2, cutmix=0.5)
ADAM = AdamW(weight_decay=0.05)
MUON = Muon(head_learning_rate=0.5, weight_decay=0.05)  # whose step takes a CPU four times as long as AdamW's
RECIPE = Recipe(
    name="test",
    cycles=(Cycle((Phase(2, 32, AUGMENTATION),), 1e-3),),
    optimiser=ADAM,
    batch_size=4,
    image_size=32,
)


def photos(count: int = 12, size: int = 40, classes: int = 3) -> Photos:
    """Random photos, brighter from class to class, of other proportions each."""
    generator = torch.Generator().manual_seed(0)
    labels = torch.arange(count) % classes
    noise = torch.randint(0, 60, (count, size, size, 3), generator=generator)
    images = (noise + 60 * labels[:, None, None, None]).to(torch.uint8)
    return Photos(images, torch.linspace(0.7, 1.4, count), labels)


def network(classes: int = 3, seed: int = 0) -> Network:
    """The thinnest network that has all of its layers."""
    architecture = Architecture(0.25, classes)
    return Network(architecture, initialise(architecture, seed))


def tiny_run(checkpoint: Path, recipe: Recipe = RECIPE, **changes: Any) -> Run:
    """A run of `recipe` on `photos()`, in float32."""
    given = dict(recipe=recipe, photos=photos(), checkpoint=checkpoint, bfloat16=False)
    return Run(**{**given, "settings": {"--seed": 0}, **changes})


@dataclass(frozen=True)
class Case:
    """A run from scratch or, if `bundled`, from the bundled module, an epoch being one step."""

    epochs: int
    dtype: torch.dtype
    rate: float
    batch: int
    size: int  # px
    optimiser: Muon | AdamW
    bundled: bool = False
    saved: bool = False  # whether every step writes a checkpoint, which takes as long as the step

    @property
    def network(self) -> Network:
        if not self.bundled:
            return network().to(self.dtype)
        bundle = load_module_spec("tiny_imagenet").bundle
        return Network(bundle.architecture, bundle.weights).to(self.dtype)

    @property
    def recipe(self) -> Recipe:
        cycle = Cycle((Phase(self.epochs, self.size, AUGMENTATION),), self.rate)
        return replace(RECIPE, cycles=(cycle,), optimiser=self.optimiser, batch_size=self.batch)


CASES = {
    "killed": Case(8, torch.float32, 1e-3, 12, 32, MUON, saved=True),
    "float64": Case(8, torch.float64, 2e-3, 16, 32, ADAM),
    "float64, long": Case(50, torch.float64, 2e-3, 16, 32, ADAM),
    # In float32 a network from scratch blows rounding up over 70 batch norms; a trained one does not.
    "float32": Case(50, torch.float32, 1e-5, 32, 64, ADAM, bundled=True),
}


class Printer(RunListener):
    """Prints each epoch's loss."""

    def epoch(self, epoch: Epoch) -> None:
        print(json.dumps(epoch.train_loss), flush=True)


def digest(trained: Network) -> str:
    """SHA-256 of every weight and statistic."""
    state = trained.state_dict()
    return hashlib.sha256(b"".join(state[name].numpy().tobytes() for name in sorted(state))).hexdigest()


def run_case(path: Path, case: Case, workers: Workers, listener: RunListener | None = None) -> list[Any]:
    """The loss of each epoch of `case`, then a digest of the weights; in one thread, in whatever process."""
    threads = torch.get_num_threads()
    with MonkeyPatch.context() as patch:
        if case.saved:
            patch.setattr(loop, "SAVE_EVERY", 0.0)
        else:
            patch.setattr(loop.checkpoint, "save", lambda path, tensors, facts: None)
        trained = case.network
        listener = listener or RunListener()
        run = tiny_run(path, case.recipe, listener=listener, photos=photos(case.batch, 64))
        torch.set_num_threads(1)
        try:
            history = loop.train(trained, run, workers)
        finally:
            torch.set_num_threads(threads)
    return [*(epoch.train_loss for epoch in history), digest(trained)]


def main(checkpoint: Path, case: Case) -> None:
    keep_freed_memory()
    workers = Workers()
    *_, last = run_case(checkpoint, case, workers, Printer() if workers.is_main else None)
    if workers.is_main:
        print(json.dumps(last), flush=True)
    workers.close()


def main_forked(checkpoint: Path, case: Case) -> None:
    import accelerate  # noqa: F401
    import torch._dynamo  # noqa: F401  # which optimisers import

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(free.getsockname()[1])}
    child = os.fork()
    rank = "0" if child else "1"
    world = {"WORLD_SIZE": "2", "LOCAL_WORLD_SIZE": "2", "RANK": rank, "LOCAL_RANK": rank}
    os.environ.update(address | world)
    main(checkpoint, case)
    if child:
        sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))


if __name__ == "__main__":
    (main_forked if "--forked" in sys.argv else main)(Path(sys.argv[1]), CASES[sys.argv[2]])
