"""`organise`: photos into a folder for each class, and back."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..images.photo_file import MAX_PIXELS
from ..organising.choices import LEAST, How
from ..system.text import counted
from .console import (
    DeviceOption,
    EngineOption,
    ModuleOption,
    PrecisionOption,
    ResizeOption,
    announce,
    load,
    put,
    say,
    say_command,
    tell_unread,
)
from .photo_options import MaxPixelsOption

if TYPE_CHECKING:
    from ..organising.placer import Placed, Summary

Inputs = Annotated[
    list[str] | None,
    typer.Argument(metavar="INPUT...", help="Photos, folders (searched recursively) or globs."),
]
IntoOption = Annotated[
    Path | None,
    typer.Option("--into", metavar="FOLDER", help="A new or empty folder, or one to continue or add to."),
]
UndoOption = Annotated[
    Path | None,
    typer.Option("--undo", metavar="FOLDER", help="Take back what was done in FOLDER; given alone."),
]
HowOption = Annotated[How, typer.Option("--how", help="What to do with photos; a link is symbolic.")]
LeastOption = Annotated[
    float,
    typer.Option(
        "--least", min=0, max=1, help="Probability of the best class; photos of less go to FOLDER/unsure."
    ),
]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Show where photos would go; change nothing.")]
XmpOption = Annotated[
    bool, typer.Option("--xmp", help="Also write labels beside photos, as keywords in XMP sidecars.")
]


def organise(
    inputs: Inputs = None,
    into: IntoOption = None,
    undo: UndoOption = None,
    module: ModuleOption = None,
    how: HowOption = "copy",
    least: LeastOption = LEAST,
    dry_run: DryRunOption = False,
    xmp: XmpOption = False,
    resize: ResizeOption = None,
    max_pixels: MaxPixelsOption = MAX_PIXELS,
    engine: EngineOption = None,
    device: DeviceOption = "cpu",
    precision: PrecisionOption = "f32",
) -> None:
    """Put photos into a folder for each class. Interrupted and run again, it continues where it was."""
    if undo is not None:
        if inputs or into:
            raise typer.BadParameter("--undo FOLDER is given alone; leave out INPUT... and --into")
        _undo(undo)
        return
    if not inputs or into is None:
        raise typer.BadParameter("Give INPUT... and --into FOLDER, or --undo FOLDER")
    from ..organising.organise import organise as run
    from .photo_run import StopSignals

    loaded = load(module, engine, precision, device)
    signals = StopSignals()
    announced = False

    def show(placed: "Placed") -> None:
        nonlocal announced
        if not announced:  # with the first photo: nothing can be refused any more
            announce(loaded, module)
            announced = True
        _show(placed)

    with signals:
        summary = run(
            inputs, into, loaded,
            how=how, least=least, dry_run=dry_run, xmp=xmp, resize=resize, max_pixels=max_pixels,
            on_photo=show, stopped=lambda: signals.received is not None,
        )  # fmt: skip
    _tell(summary, into, how, dry_run)
    if summary.left:
        raise typer.Exit(128 + (signals.received or 0))  # as shells have it
    if summary.failed:
        raise typer.Exit(1 if summary.placed + summary.before else 2)


def _show(placed: "Placed") -> None:
    put(f"{placed.photo} -> {placed.to}  {placed.label} {placed.probability:.1%}")


def _tell(summary: "Summary", into: Path, how: How, dry_run: bool) -> None:
    done = {"copy": "copied", "link": "linked", "move": "moved"}[how]
    verb = f"would be {done}" if dry_run else done
    line = f"{counted(summary.placed, 'photo')} {verb} into {into}, {summary.unsure:,} of them unsure"
    say(f"{line}; {summary.before:,} are there already." if summary.before else f"{line}.")
    tell_unread(summary.unread)
    if summary.failed:
        say(f"{counted(summary.failed, 'photo')} left alone:")
        for error in summary.errors:
            say(f"  {error}")
        if summary.failed > len(summary.errors):
            say(f"  and {summary.failed - len(summary.errors):,} more")
    if summary.left:
        say("Stopped; the same command continues.")
    elif summary.placed and not dry_run:
        say_command("To take it back:", "organise", "--undo", into)


def _undo(folder: Path) -> None:
    from ..organising.undo import undo_organise

    undone = undo_organise(folder, on_photo=put)
    say(f"{counted(undone.back, 'photo')} taken back.")
    if undone.kept:
        say(f"{counted(len(undone.kept), 'photo')} left alone:")
        for reason in undone.kept:
            say(f"  {reason}")
        raise typer.Exit(1 if undone.back else 2)
