"""The end of a training run: the module directory with its measured accuracy, card and report."""

import platform
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from .. import bundle
from ..bundle import Bundle
from ..data import TEST, TRAIN, VALIDATION, Dataset
from ..engines.torch import Network
from ..errors import MissingExtraError
from ..evaluation import Evaluation, Report, render, without_plots
from ..evaluation.held_out import calibration_of
from ..evaluation.measurement import evaluate_split, pick_split, pictures
from ..module import Module
from ..module_spec import ModuleSpec
from .card import FLATTERED, card
from .listener import RunListener
from .summary import RunSummary


def write_module(
    draft: Bundle,
    network: Network,
    dataset: Dataset,
    output: Path,
    dtype: str,
    summary: RunSummary,
    listener: RunListener,
) -> list[Evaluation]:
    """Writes `network` as the module directory `output`; `draft` is the module without its weights.

    Weights are stored as `dtype`, "float16" or "float32", and the module is calibrated by its training and
    validation photos. Accuracy is measured with the stored weights, on the test split, then on validation; by
    OpenVINO, or where it is not installed by PyTorch on the network's device. Returns these evaluations.
    Raises `OutputError` if `output` cannot be written.
    """
    stored = np.float16 if dtype == "float16" else np.float32
    state = {
        name: value.detach().cpu().numpy().astype(stored) for name, value in network.state_dict().items()
    }
    made = replace(draft, weights={name: value.astype(np.float32) for name, value in state.items()})
    made = _calibrated(made, network, dataset, listener)
    module = _runnable(made, network)
    evaluations = _evaluations(module, dataset, listener)
    engine = "OpenVINO" if module.engine == "openvino" else f"PyTorch ({_device(network).type})"
    measured = f"as stored, on {engine} in float32"
    facts = summary.facts | {"machine": f"{platform.machine()}, {platform.system()}"}
    if no_plots := without_plots():
        listener.note(no_plots)
    flattered = summary.chosen_by_validation and TEST not in dataset.splits
    shown = facts | {"measured": f"{measured}. {FLATTERED}" if flattered else measured}
    page = _report(summary, shown, evaluations[0], dataset)
    accuracy = tuple(
        {"data": e.data, "images": len(e.classes), "top1": e.top1}
        | ({} if e.top5 is None else {"top5": e.top5})
        | {"ece": e.ece}
        for e in evaluations
    )
    text = card(made, facts, evaluations, measured, summary)
    bundle.write(replace(made, accuracy=accuracy, card=text, report=page), output, stored)
    return evaluations


def _runnable(made: Bundle, network: Network) -> Module:
    """`made` in float32, on OpenVINO if that is installed."""
    try:
        return Module(ModuleSpec(made))
    except MissingExtraError:
        return Module(ModuleSpec(made), engine="torch", device=str(_device(network)))


def _calibrated(made: Bundle, network: Network, dataset: Dataset, listener: RunListener) -> Bundle:
    """`made` with a calibration by the training photos, undistorted, and the validation photos."""
    calibration = calibration_of(
        _runnable(made, network),
        dataset,
        dataset.splits[TRAIN],
        dataset.splits[VALIDATION],
        [],  # what cannot be read has been told
        lambda done, total: listener.progress("calibrating", done, total),
    )
    return replace(made, calibration=calibration.arrays())


def _device(network: Network) -> torch.device:
    return next(network.parameters()).device


def _evaluations(module: Module, dataset: Dataset, listener: RunListener) -> list[Evaluation]:
    """The evaluations of `module` on the test split, if there is one, and on validation."""
    return [
        evaluate_split(
            module,
            dataset.splits[name],
            dataset.labels,
            f"{dataset.name} {name}",
            on_progress=lambda done, total: listener.progress("measuring", done, total),
        )
        for name in (TEST, VALIDATION)
        if name in dataset.splits
    ]


def _report(summary: RunSummary, facts: dict[str, str], evaluation: Evaluation, dataset: Dataset) -> str:
    """The report's HTML."""
    return render(
        Report(
            title=summary.title,
            facts=facts,
            evaluation=evaluation,
            picture=pictures(evaluation, pick_split(dataset, None)[1]),
            history=summary.history,
            selection=summary.selection,
            augmented=summary.examples,
            class_counts=dataset.counts(),
            notes=summary.notes,
            lowest_loss=summary.lowest_loss,
        )
    )
