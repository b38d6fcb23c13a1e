"""From scratch: a recipe and labelled photos in, a module directory out."""

import hashlib
import json
import time
from dataclasses import asdict
from pathlib import Path

from ..architecture import Architecture
from ..bundle import Bundle, Provenance
from ..dataset import open_dataset
from ..engines.torch import Network
from ..errors import OutputError
from ..evaluation import Evaluation
from ..watch import Watch, Watches
from ..weights import initialise
from .finish import Story, clear, finish, run_facts
from .loop import Run, train
from .memory import keep_freed_memory
from .photos import material, scorer, with_splits
from .preview import preview
from .recipes import Recipe
from .tensorboard import TensorBoard
from .workers import Workers


def train_from_scratch(
    recipe: Recipe,
    data: str,
    output: Path,
    *,
    validation: str | None = None,
    seed: int = 0,
    bfloat16: bool = True,
    device: str | None = None,
    watch: Watch | None = None,
) -> list[Evaluation]:
    """Trains the full network by `recipe` on the photos of `data` into the module directory `output`.

    Interrupted and run again it goes on from `OUTPUT.run`, where TensorBoard's files stay. Returns how the
    written module does on the test photos, if there are any, and on the validation photos.

    Raises `OutputError` if `output` exists, `HandleError` or `FormatError` for data that cannot be read or
    has fewer than two classes, `TrainingError` if the loss is no longer a number.
    """
    refuse_existing(output)
    start = time.monotonic()
    keep_freed_memory()
    workers = Workers(device)
    watch = watch or Watch()
    watch = watch if workers.is_main else Watch()
    dataset, notes = with_splits(open_dataset(data, validation), watch)
    folder = output.with_name(f"{output.name}.run")
    board = TensorBoard(folder / "tensorboard") if workers.is_main else Watch()
    watch = Watches(watch, board)
    size = (recipe.image_size, recipe.image_size)
    stuff = material(dataset, recipe.pixels, size, "default", folder / "pixels", watch, workers)
    architecture = Architecture(1.0, len(dataset.labels))
    network = Network(architecture, initialise(architecture, seed))
    pictures = preview(stuff.train, recipe.cycles[-1].phases[-1], seed)
    watch.pictures("augmentation", pictures)
    run = Run(
        recipe,
        stuff.train,
        folder / "checkpoint.safetensors",
        identity(dataset.fingerprint, asdict(recipe), seed, bfloat16),
        seed,
        bfloat16,
        validate=scorer(stuff.validation, bfloat16),
        watch=watch,
    )
    history = train(network, run, workers)
    evaluations = []
    if workers.is_main:
        facts = run_facts(recipe, len(stuff.train.classes), seed, (time.monotonic() - start) / 60, history)
        story = Story(
            f"Inception V2, {output.name}",
            facts,
            history,
            pictures,
            [*notes, *stuff.notes],
            chosen_by_validation=recipe.patience is not None,
        )
        draft = Bundle(
            name=output.name,
            architecture=architecture,
            weights={},
            labels=dataset.labels,
            provenance=Provenance(f"trained from scratch by the recipe {recipe.name}", "Apache-2.0"),
            image_size=size,
        )
        evaluations = finish(draft, network, dataset, output, recipe.dtype, story, watch)
        board.close()
        clear(folder)
    workers.close()
    return evaluations


def refuse_existing(output: Path) -> None:
    """Raises `OutputError` if there is something at `output`."""
    if output.exists():
        raise OutputError(
            f"{output} already exists and is left as it is; choose another path or remove it first."
        )


def identity(*facts: object) -> str:
    """What a checkpoint must agree in to be gone on from: SHA-256, hexadecimal, over JSON-ready facts."""
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()
