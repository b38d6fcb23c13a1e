"""`evaluate`: the accuracy of a module, or of two compared, on photos with their classes."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .console import (
    DeviceOption,
    EngineOption,
    JsonOption,
    ModuleArgument,
    PrecisionOption,
    ResizeOption,
    load,
    put,
    put_json,
    say,
    tell_failures,
)
from .training_options import DataArgument, accuracy_lines

if TYPE_CHECKING:
    from ..evaluation.evaluate import EvaluationResult

SplitOption = Annotated[
    str | None, typer.Option("--split", help="[default: test, else validation, else all]")
]
AgainstOption = Annotated[
    str | None, typer.Option("--against", metavar="MODULE", help="Compare with this one, photo by photo.")
]
ReportOption = Annotated[
    Path | None, typer.Option("--report", metavar="PAGE", help="Also write a self-contained HTML page.")
]


def evaluate(
    module: ModuleArgument,
    data: DataArgument,
    split: SplitOption = None,
    against: AgainstOption = None,
    report: ReportOption = None,
    json: JsonOption = False,
    resize: ResizeOption = None,
    engine: EngineOption = None,
    device: DeviceOption = "cpu",
    precision: PrecisionOption = "f32",
) -> None:
    """Measure a module on labelled photos. Accuracy, calibration, confusions, the worst mistakes."""
    from ..evaluation.evaluate import evaluate as run
    from ..evaluation.evaluate import new_page, write_page
    from .terminal import terminal_listener

    with new_page(report):
        with terminal_listener() as listener:
            result = run(
                module,
                data,
                split=split,
                against=against,
                resize=resize,
                load=lambda handle: load(str(handle), engine, precision, device),
                on_progress=lambda done, total: listener.progress("measuring", done, total),
            )
            for note in result.notes:
                listener.note(note)
        # Before the report: an hour's figures are not lost with it.
        if json:
            put_json(result.summary())
        else:
            for line in _lines(result):
                put(line)
        if report is not None:
            write_page(result, report)
            _say_report(report)
    tell_failures(result.photos, len(result.unreadable), result.unreadable)


def _lines(result: "EvaluationResult") -> list[str]:
    """The accuracy of each module and their difference."""
    lines = [line for evaluation in result.evaluations for line in accuracy_lines(evaluation)]
    if result.comparison is not None:
        first, second = result.evaluations
        lines.append(
            f"{second.module} minus {first.module}: top-1 {result.comparison.difference:+.2%}, "
            f"95% interval {result.comparison.low:+.2%} to {result.comparison.high:+.2%}"
        )
    return lines


def _say_report(report: Path) -> None:
    from ..evaluation import without_plots

    if no_plots := without_plots():
        say(no_plots)
    say(f"Report: {report}")
