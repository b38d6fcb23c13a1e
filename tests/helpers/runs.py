"""A tiny run that tests share, also as a program: `python runs.py CHECKPOINT CASE`.

As a program it prints each epoch's loss (one step an epoch) as JSON lines, then a digest of the weights, so
that runs on other numbers of processes, or killed on the way, can be compared.
"""

import hashlib
import json
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from inception_hub import load_module_spec
from inception_hub.architecture import Architecture
from inception_hub.engines.torch import Network
from inception_hub.evaluation import Epoch
from inception_hub.training import loop
from inception_hub.training.augmentation import Augmentation
from inception_hub.training.job import Photos, Run
from inception_hub.training.listener import Watch
from inception_hub.training.memory import keep_freed_memory
from inception_hub.training.recipes import AdamW, Cycle, Muon, Phase, Recipe
from inception_hub.training.workers import Workers
from inception_hub.weights import initialise

AUGMENTATION = Augmentation(min_area=0.5, colour=0.2, cutmix=0.5)
RECIPE = Recipe(
    name="test",
    cycles=(Cycle((Phase(2, 32, AUGMENTATION),), 1e-3),),
    optimiser=Muon(head_learning_rate=0.5, weight_decay=0.05),
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
    given = dict(recipe=recipe, photos=photos(), checkpoint=checkpoint, identity="test", bfloat16=False)
    return Run(**{**given, **changes})  # type: ignore[arg-type]


ADAM = AdamW(weight_decay=0.05)


@dataclass(frozen=True)
class Case:
    """What the program runs: from the bundled module or from scratch, an epoch being one step."""

    epochs: int
    dtype: torch.dtype
    rate: float
    batch: int
    size: int  # px
    optimiser: Muon | AdamW
    bundled: bool = False

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
    "killed": Case(12, torch.float32, 1e-3, 12, 32, RECIPE.optimiser),
    "float64": Case(50, torch.float64, 2e-3, 16, 32, ADAM),
    # In float32 a network from scratch blows rounding up over 70 batch norms; a trained one does not.
    "float32": Case(50, torch.float32, 1e-5, 32, 64, ADAM, bundled=True),
}


class Printer(Watch):
    def epoch(self, epoch: Epoch) -> None:
        print(json.dumps(epoch.train_loss), flush=True)


def digest(trained: Network) -> str:
    """SHA-256 of every weight and statistic."""
    state = trained.state_dict()
    return hashlib.sha256(b"".join(state[name].numpy().tobytes() for name in sorted(state))).hexdigest()


def main(checkpoint: Path, case: Case) -> None:
    loop.SAVE_EVERY = 0.0
    if case.bundled:  # fifty saves of the full network would be all that takes time
        loop.checkpoint.save = lambda path, tensors, facts: None
    keep_freed_memory()
    workers = Workers()
    torch.set_num_threads(max(1, 2 // workers.count))
    trained = case.network
    watch = Printer() if workers.is_main else Watch()
    run = tiny_run(checkpoint, case.recipe, watch=watch, photos=photos(case.batch, 64))
    loop.train(trained, run, workers)
    if workers.is_main:
        print(json.dumps(digest(trained)), flush=True)
    workers.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), CASES[sys.argv[2]])
