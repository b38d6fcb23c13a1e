"""`inspect`: what is wrong with labelled photos, before one trains on them."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..system.text import counted
from .console import (
    DeviceOption,
    EngineOption,
    JsonOption,
    ModuleOption,
    PrecisionOption,
    ResizeOption,
    load,
    put,
    put_json,
    say,
    say_command,
)
from .evaluate import ReportOption
from .training_options import DataArgument, ValidationOption

if TYPE_CHECKING:
    from ..inspection.inspect import InspectionResult

DecisionsOption = Annotated[
    Path | None,
    typer.Option(
        "--decisions",
        metavar="FILE",
        help="Also write a CSV with a line for each finding, to edit and give to finetune --exclude.",
    ),
]


def inspect(
    data: DataArgument,
    module: ModuleOption = None,
    validation: ValidationOption = None,
    report: ReportOption = None,
    decisions: DecisionsOption = None,
    json: JsonOption = False,
    resize: ResizeOption = None,
    engine: EngineOption = None,
    device: DeviceOption = "cpu",
    precision: PrecisionOption = "f32",
) -> None:
    """Find what is wrong with labelled photos. Copies, wrong labels, poor photos; nothing is changed."""
    from ..inspection.inspect import inspect as run
    from .terminal import terminal_listener

    with terminal_listener() as listener:
        result = run(
            data,
            module,
            validation=validation,
            report=report,
            decisions=decisions,
            resize=resize,
            load=lambda handle: load(None if handle is None else str(handle), engine, precision, device),
            on_progress=listener.progress,
        )
        for note in result.notes:
            listener.note(note)
    if json:
        put_json(result.summary())
    else:
        for line in _lines(result):
            put(line)
    if report is not None:
        say(f"Report: {report}")
    if decisions is not None:
        held_out = () if validation is None else ("--validation", validation)
        command = ("finetune", data, *held_out, "--output", "my_module", "--exclude", decisions)
        say_command(f"Decisions: {decisions}; edit them, then:", *command)


def _lines(result: "InspectionResult") -> list[str]:
    """The numbers of findings by kind, and the classes that are confused."""
    from ..inspection.kinds import TITLES

    lines = [f"{result.data}, {counted(result.photos, 'photo')}, told apart by {result.module}"]
    for kind, count in result.counts().items():
        lines.append(f"{count:>7,}  {TITLES[kind].title.lower()}")
    for first, second, photos, total in result.confused:
        lines.append(f"Hard to tell apart: {first} and {second}, {photos:,} of {counted(total, 'photo')}")
    lines.append(f"Proposed to be left out of training: {counted(result.excluded, 'photo')}")
    return lines
