"""The summary of a training run, which the report and the card show beside the accuracy."""

import math
import statistics
from dataclasses import dataclass

from ..evaluation import Epoch, Selection
from .listener import CaptionedImages
from .recipes import Recipe
from .run import Run


@dataclass(frozen=True)
class RunSummary:
    """What the report and the card say of a run besides its accuracy.

    `facts`: name and value of each row of their table. `history`: the epochs of the loop. `selection`: what
    was kept, and why. `examples`: augmented photos. `notes`: what stands out in the data.
    `chosen_by_validation`: whether the validation set chose among epochs or heads. `lowest_loss`: the lowest
    training loss possible, in nats; None if it is zero or not known.
    """

    title: str
    facts: dict[str, str]
    history: list[Epoch]
    selection: Selection
    examples: CaptionedImages
    notes: list[str]
    chosen_by_validation: bool
    lowest_loss: float | None = None


def run_facts(run: Run, classes: int, minutes: float, history: list[Epoch]) -> dict[str, str]:
    """How a module of `classes` classes was trained, for the table of the report and the card."""
    recipe = run.recipe
    facts = {
        "recipe": recipe.name,
        "training photos": f"{len(run.photos.classes):,}",
        "seed": str(run.seed),
        "precision": "bfloat16, weights in float32" if run.bfloat16 else "float32",
        "time": f"{minutes:.0f} minutes" if minutes >= 2 else f"{60 * minutes:.0f} seconds",
    }
    if not history:
        return facts
    phases = "; ".join(
        f"{p.epochs} at {p.size} px, {p.augmentation.describe()}" for c in recipe.cycles for p in c.phases
    )
    rates = ", then ".join(f"{cycle.learning_rate:g} ({cycle.decay})" for cycle in recipe.cycles)
    lowest = lowest_loss(recipe, classes)
    if lowest is not None:
        facts["lowest possible training loss"] = f"{lowest:.2f} (label smoothing {recipe.label_smoothing:g})"
    return facts | {
        "epochs": f"{len(history)} of {len(recipe.epochs)} ({phases})",
        "optimiser": f"{type(recipe.optimiser).__name__}, rate {rates}, batches of {recipe.batch_size}",
        "batch norm": f"{recipe.batch_norm}, momentum {recipe.batch_norm_momentum:g}",
        "label smoothing": f"{recipe.label_smoothing:g}",
        "images per second": f"{statistics.median(e.images_per_second for e in history):.0f}",
        "share waiting for data": f"{statistics.fmean(e.waiting for e in history):.1%}",
    }


def lowest_loss(recipe: Recipe, classes: int) -> float | None:
    """The lowest training loss that label smoothing leaves possible, in nats: the smoothed target's entropy.

    The target is 1 - e + e/K for the true class and e/K for the others, e the smoothing and K the number of
    classes. Photos that are mixed cannot get this low. None without smoothing, where it is zero, and with
    class weights, where it depends on the photos.
    """
    if not recipe.label_smoothing or recipe.class_weights:
        return None
    other = recipe.label_smoothing / classes
    true = 1 - recipe.label_smoothing + other
    return -true * math.log(true) - (classes - 1) * other * math.log(other)
