"""The options that `finetune`, `train` and `evaluate` share, and what the first two do alike."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..system.text import counted
from ..training.choices import TRACKERS, TrainingPrecision
from .console import put, resolve_handle, say

if TYPE_CHECKING:
    from ..evaluation import Evaluation
    from ..training.listener import RunListener

DataArgument = Annotated[
    str,
    typer.Argument(
        metavar="DATA",
        help="A folder with a folder of photos per class, a folder of Parquet or WebDataset files, "
        "a CSV of path and label, or a Hugging Face data set's name.",
    ),
]
OutputOption = Annotated[
    Path, typer.Option("--output", metavar="DIR", help="The module directory to write; must not exist.")
]
ValidationOption = Annotated[
    str | None,
    typer.Option(
        "--validation", metavar="DATA", help="Validation photos. [default: DATA's own, else a tenth of DATA]"
    ),
]
ExcludeOption = Annotated[
    Path | None,
    typer.Option(
        "--exclude",
        metavar="FILE",
        help="Leave out the photos that this file of inspect --decisions says to exclude.",
    ),
]
TeacherOption = Annotated[
    list[str] | None,
    typer.Option(
        "--teacher",
        metavar="MODULE",
        help="Also learn from this module's probabilities; given again, from the mean of several.",
    ),
]
TeacherShareOption = Annotated[
    float | None,
    typer.Option("--teacher-share", min=0, max=1, help="The teachers' share of the loss. [default: 0.5]"),
]
TemperatureOption = Annotated[
    float | None,
    typer.Option("--temperature", help="Divides the logits in the teachers' share; above 0. [default: 2]"),
]
TrainingPrecisionOption = Annotated[
    TrainingPrecision | None,
    typer.Option(
        "--precision",
        help="bf16 is mixed precision. [default: bf16 where the machine has instructions for it, else f32]",
    ),
]
LogWithOption = Annotated[
    list[str] | None,
    typer.Option(
        "--log-with",
        metavar="|".join(TRACKERS),
        help="Log settings and figures with this tracker beside TensorBoard; may be given again.",
    ),
]
SeedOption = Annotated[int, typer.Option("--seed", help="Of all that is drawn at random.")]


def resolved(teachers: list[str] | None) -> list[Path]:
    """The directories of teachers; a download shows its progress."""
    return [resolve_handle(handle) for handle in teachers or ()]


@contextmanager
def interruptible_run() -> "Iterator[RunListener]":
    """A listener that shows the run in the block; after Ctrl-C a line says how the run is resumed."""
    from .terminal import terminal_listener

    try:
        with terminal_listener() as listener:
            yield listener
    except KeyboardInterrupt:
        say("Interrupted; the same command continues from the last save.")
        raise


def print_module(output: Path, evaluations: "list[Evaluation]") -> None:
    """Prints the accuracy and the place of a written module; nothing in processes beside the main one."""
    for evaluation in evaluations:
        for line in accuracy_lines(evaluation):
            put(line)
    if evaluations:
        put(f"Module: {output}")
        put(f"Report: {output / 'report.html'}")


def accuracy_lines(evaluation: "Evaluation") -> list[str]:
    """A line for module and data, then one for each figure; top-5 where the classes are more than five."""
    lines = [
        f"{evaluation.module} on {counted(len(evaluation.names), 'photo')} of {evaluation.data}",
        f"  top-1 {evaluation.top1:.2%}, 95% interval {evaluation.top1_interval}",
    ]
    if evaluation.top5 is not None:
        lines.append(f"  top-5 {evaluation.top5:.2%}, 95% interval {evaluation.top5_interval}")
    lines.append(f"  ECE {evaluation.ece:.3f}")
    for level in evaluation.sets.levels if evaluation.sets else ():
        lines.append(
            f"  sets for a coverage of {level.asked:.0%}: {level.coverage:.1%} hold the right class, "
            f"{level.size:.1f} classes on average"
        )
    return lines
