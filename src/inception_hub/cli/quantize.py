"""`quantize`: adds an int8 graph to a module."""

from typing import Annotated

import typer

from .console import ModuleArgument, put, resolve_handle, say

CalibrateOption = Annotated[
    str,
    typer.Option(
        "--calibrate",
        metavar="IMAGES",
        help="Photos like those it is for: labelled ones as evaluate takes them, or any folder.",
    ),
]
MaxDropOption = Annotated[
    float, typer.Option("--max-drop", min=0, help="Points of top-1 that int8 may lose on labelled photos.")
]
MinAgreementOption = Annotated[
    float,
    typer.Option(
        "--min-agreement", min=0, max=100, help="Percent of first answers kept on unlabelled photos."
    ),
]
ExplainOption = Annotated[
    bool, typer.Option("--explain", help="Also tell which layers' rounding changes predictions most.")
]
TOLD = 10  # layers


def quantize(
    module: ModuleArgument,
    calibrate: CalibrateOption,
    max_drop: MaxDropOption = 0.5,
    min_agreement: MinAgreementOption = 95.0,
    explain: ExplainOption = False,
) -> None:
    """Add an int8 graph to a module. It is kept if its predictions stay close enough to float32's."""
    from ..quantization.quantization import quantize as run
    from .terminal import terminal_listener

    directory = resolve_handle(module)
    with terminal_listener() as listener:
        check = run(
            directory,
            calibrate,
            max_drop=max_drop,
            min_agreement=min_agreement,
            explain=explain,
            on_progress=listener.progress,
        )
        for note in check.notes:
            listener.note(note)
    say(f"Checked on {check.describe()}.")
    if check.layers:
        say("What rounding one layer alone changes in the probabilities (KL divergence in nats):")
    for cost in check.layers[:TOLD]:
        say(f"  {cost.divergence:.5f}  {cost.layer}")
    put(str(directory))
