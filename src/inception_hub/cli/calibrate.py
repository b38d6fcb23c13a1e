"""`calibrate`: measures how sure a module may be, on photos that it was not trained on."""

from typing import Annotated

import typer

from .console import ModuleArgument, put, say, tell_failures
from .training_options import DataArgument

SplitOption = Annotated[
    str | None,
    typer.Option("--split", help="The held-out photos. [default: validation, else test, else half of all]"),
]


def calibrate(module: ModuleArgument, data: DataArgument, split: SplitOption = None) -> None:
    """Measure how sure a module may be. On photos that it was not trained on, for classify --coverage."""
    from ..evaluation.calibrate import calibrate as run
    from .terminal import terminal_listener

    with terminal_listener() as listener:
        result = run(
            module,
            data,
            split=split,
            on_progress=lambda done, total: listener.progress("calibrating", done, total),
        )
        for note in result.notes:
            listener.note(note)
    say(
        f"Calibrated on {result.held_out:,} photos, class means by {result.learned}; "
        f"temperature {result.temperature:.2f}; a coverage of up to {result.most:.2%} may be asked for."
    )
    put(module)
    tell_failures(result.held_out, len(result.unreadable), list(result.unreadable))
