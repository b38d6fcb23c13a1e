"""A recipe from a folder of images to a module directory with its measured accuracy and card."""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .. import bundle
from ..bundle import Bundle, Provenance
from ..engines.torch import Network
from ..errors import ArgumentError, FormatError, OutputError
from ..labels import Labels
from ..module import Module, ModuleSpec
from ..resize import resize
from .data import ImageSet, load_split
from .loop import Epoch, train
from .recipes import RECIPES, Recipe

BATCH_SIZE = 100


@dataclass(frozen=True)
class Accuracy:
    """Shares of `images` whose class was the first answer, and among the first five."""

    images: int
    top1: float
    top5: float


def run(
    recipe_name: str,
    data: Path,
    output: Path,
    seed: int = 0,
    report: Callable[[Epoch], None] = lambda epoch: None,
) -> Accuracy:
    """Trains `recipe_name` on `data` (train and validation Parquet, labels.txt, wnids.txt) into `output`.

    Interrupted and run again it goes on after the last whole epoch, from the checkpoint beside `output`.
    Raises `ArgumentError` for an unknown recipe, `OutputError` if `output` exists, `HandleError` or
    `FormatError` for data it cannot read.
    """
    recipe = RECIPES.get(recipe_name)
    if recipe is None:
        raise ArgumentError(f"There is no recipe {recipe_name!r}; give {' or '.join(RECIPES)}.")
    if output.exists():
        raise OutputError(
            f"{output} already exists and is left as it is; choose another path or remove it first."
        )
    labels = read_labels(data)
    train_set, validation = load_split(data, "train"), load_split(data, "validation")
    checkpoint = output.with_name(f"{output.name}.checkpoint.safetensors")
    checkpoint.parent.mkdir(parents=True, exist_ok=True)
    start = time.monotonic()
    network = train(recipe, train_set, len(labels), checkpoint, seed, report)
    minutes = (time.monotonic() - start) / 60
    accuracy = finish(recipe_name, network, labels, train_set, validation, output, minutes)
    checkpoint.unlink()
    return accuracy


def finish(
    recipe_name: str,
    network: Network,
    labels: Labels,
    train_set: ImageSet,
    validation: ImageSet,
    output: Path,
    minutes: float,
) -> Accuracy:
    """Writes `network` as a module directory, stored as float16 and measured as stored, on OpenVINO."""
    recipe = RECIPES[recipe_name]
    state = {name: value.detach().numpy().astype(np.float16) for name, value in network.state_dict().items()}
    made = Bundle(
        name=output.name,
        architecture=network.architecture,
        weights={name: value.astype(np.float32) for name, value in state.items()},
        labels=labels,
        provenance=Provenance(f"trained from scratch by the recipe {recipe_name}", "Apache-2.0"),
        image_size=(recipe.image_size, recipe.image_size),
    )
    measured = measure(Module(ModuleSpec(made)), validation)
    figures = {"data": f"{recipe_name} validation", **asdict(measured)}
    text = card(recipe_name, recipe, len(train_set.labels), measured, minutes)
    bundle.write(replace(made, accuracy=(figures,), card=text), output, np.float16)
    return measured


def measure(module: Module, data: ImageSet) -> Accuracy:
    """Accuracy of `module` at its own size and preset."""
    first = five = 0
    for start in range(0, len(data.labels), BATCH_SIZE):
        pixels = data.images[start : start + BATCH_SIZE].numpy()
        images = np.stack([resize(image, module.image_size, module.spec.bundle.resize) for image in pixels])
        logits: NDArray[np.float32] = module(images, signature="image_classification")
        best = np.argsort(-logits, axis=1)[:, :5]
        hits = best == data.labels[start : start + BATCH_SIZE].numpy()[:, None]
        first, five = first + int(hits[:, 0].sum()), five + int(hits.any(1).sum())
    count = len(data.labels)
    return Accuracy(count, first / count, five / count)


def read_labels(data: Path) -> Labels:
    """labels.txt and, if it is there, wnids.txt beside the Parquet files."""
    try:
        text = (data / "labels.txt").read_text("utf-8")
        ids_file = data / "wnids.txt"
        ids = ids_file.read_text("utf-8").split() if ids_file.exists() else None
    except (OSError, UnicodeDecodeError) as error:
        raise FormatError(
            f"{data / 'labels.txt'} cannot be read ({error}); give one class name a line."
        ) from error
    return Labels.from_text(text, ids)


def card(recipe_name: str, recipe: Recipe, images: int, accuracy: Accuracy, minutes: float) -> str:
    """The module's README.md: data, recipe, time and measured accuracy."""
    phases = ", ".join(
        f"{p.epochs} at {p.size} px on {p.min_area:.0%} of the area and up" for p in recipe.phases
    )
    return f"""# Inception V2, {recipe_name}

The full network (depth multiplier 1.0) trained from scratch on {images:,} images by the recipe
`{recipe_name}` of `inception_hub/training/recipes.py`; stored as float16.

| | |
|---|---|
| validation images | {accuracy.images:,} |
| top-1 | {accuracy.top1:.2%} |
| top-5 | {accuracy.top5:.2%} |
| default image size | {recipe.image_size} x {recipe.image_size} px, preset `default` |
| training | {len(recipe.epochs)} epochs, batches of {recipe.batch_size}, {minutes:.0f} minutes |
| crops | {phases}; mirrored half of the time |
| optimiser | Muon {recipe.learning_rate:g} on kernels, AdamW {recipe.head_learning_rate:g} on the rest, \
weight decay {recipe.weight_decay:g}, cosine, label smoothing {recipe.label_smoothing:g} |

Measured as stored, on OpenVINO in float32. The training images were 64 x 64 pixels; larger photos are
reduced to the default size, so fine detail does not count. Not for decisions about people.
"""
