"""The end of a run: a module directory with its measured accuracy, card and report."""

import math
import platform
import shutil
import statistics
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from .. import bundle
from ..bundle import Bundle
from ..data import Dataset
from ..engines.torch import Network
from ..errors import MissingExtraError
from ..evaluation import Epoch, Evaluation, Report, render, without_plots
from ..evaluation.measurement import evaluate, pick_split, pictures
from ..module import Module
from ..module_spec import ModuleSpec
from .listener import Pictures, Watch
from .recipes import Recipe


@dataclass(frozen=True)
class Story:
    """What the report and the card tell of a run besides its accuracy."""

    title: str
    facts: dict[str, str]
    history: list[Epoch]
    pictures: Pictures
    notes: list[str]
    chosen_by_validation: bool  # whether the validation photos chose among epochs or head
    lowest_loss: float | None = None  # that training can reach; None: zero, or not known


def finish(
    draft: Bundle, network: Network, dataset: Dataset, output: Path, dtype: str, story: Story, watch: Watch
) -> list[Evaluation]:
    """Writes `network` to `output`, measured as it is stored: the test split, then validation.

    OpenVINO measures; where it is not installed, PyTorch on the network's device, as report and card say.

    Raises `OutputError` if `output` cannot be written.
    """
    stored = np.float16 if dtype == "float16" else np.float32
    state = {
        name: value.detach().cpu().numpy().astype(stored) for name, value in network.state_dict().items()
    }
    made = replace(draft, weights={name: value.astype(np.float32) for name, value in state.items()})
    module = _runnable(made, network)
    engine = "OpenVINO" if module.engine == "openvino" else f"PyTorch ({_device(network).type})"
    measured = f"as stored, on {engine} in float32"
    evaluations = []
    for name in ("test", "validation"):
        if name in dataset.splits:
            evaluations.append(
                evaluate(
                    module,
                    dataset.splits[name],
                    dataset.labels,
                    f"{dataset.name} {name}",
                    on_progress=lambda done, total: watch.progress("measuring", done, total),
                )
            )
    facts = story.facts | {"machine": f"{platform.machine()}, {platform.system()}"}
    if no_plots := without_plots():
        watch.note(no_plots)
    page = render(
        Report(
            title=story.title,
            facts=facts | {"measured": measured},
            evaluation=evaluations[0],
            picture=pictures(evaluations[0], pick_split(dataset, None)[1]),
            history=story.history,
            augmented=story.pictures,
            class_counts=dataset.counts(),
            notes=story.notes,
            lowest_loss=story.lowest_loss,
        )
    )
    accuracy = tuple(
        {"data": e.data, "images": len(e.classes), "top1": e.top1, "top5": e.top5, "ece": e.ece}
        for e in evaluations
    )
    made = replace(made, accuracy=accuracy, card=card(made, facts, evaluations, measured, story), report=page)
    bundle.write(made, output, stored)
    return evaluations


def _runnable(made: Bundle, network: Network) -> Module:
    """`made` in float32, on OpenVINO if that is installed."""
    try:
        return Module(ModuleSpec(made))
    except MissingExtraError:
        return Module(ModuleSpec(made), engine="torch", device=str(_device(network)))


def _device(network: Network) -> torch.device:
    return next(network.parameters()).device


def clear(folder: Path) -> None:
    """Removes from `OUTPUT.run` what only an unfinished run needs; TensorBoard's files stay."""
    for name in ("pixels", "features"):
        shutil.rmtree(folder / name, ignore_errors=True)
    (folder / "checkpoint.safetensors").unlink(missing_ok=True)
    with suppress(OSError):
        folder.rmdir()  # where nothing was written for TensorBoard


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


def run_facts(
    recipe: Recipe, images: int, classes: int, seed: int, minutes: float, history: list[Epoch]
) -> dict[str, str]:
    """What the report and the card say of how a module was trained."""
    facts = {
        "recipe": recipe.name,
        "training photos": f"{images:,}",
        "seed": str(seed),
        "time": f"{minutes:.0f} minutes",
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
        "epochs": f"{len(history)} ({phases})",
        "optimiser": f"{type(recipe.optimiser).__name__}, rate {rates}, batches of {recipe.batch_size}",
        "batch norm": f"{recipe.batch_norm}, momentum {recipe.batch_norm_momentum:g}",
        "label smoothing": f"{recipe.label_smoothing:g}",
        "images per second": f"{statistics.median(e.images_per_second for e in history):.0f}",
        "share waiting for data": f"{statistics.fmean(e.waiting for e in history):.1%}",
    }


def card(
    made: Bundle, facts: dict[str, str], evaluations: list[Evaluation], measured: str, story: Story
) -> str:
    """The module's README.md: accuracy, what it was made of, what it is not for."""
    rows = "\n".join(
        f"| {e.data} | {len(e.classes):,} | {e.top1:.2%} | {e.top5:.2%} | {e.ece:.3f} |" for e in evaluations
    )
    told = "\n".join(f"| {key} | {value} |" for key, value in facts.items())
    chosen = (
        "\nThe validation photos also chose what was kept, so their figure flatters a little.\n"
        if story.chosen_by_validation
        else ""
    )
    height, width = made.image_size
    return f"""# {story.title}

Inception V2 (depth multiplier {made.architecture.depth_multiplier:g}) for {len(made.labels)} classes,
{made.provenance.source}; licence {made.provenance.licence}. It sees photos at {height} x {width} px,
by the preset `{made.resize}`.

| data | images | top-1 | top-5 | ECE |
|---|---|---|---|---|
{rows}

Measured {measured}.
{chosen}
| | |
|---|---|
{told}

Larger photos are reduced to the default size, so fine detail does not count. Not for decisions about people.
"""
