"""`export`: a module for other software."""

from pathlib import Path
from typing import Annotated

import typer

from ..formats import FORMATS
from ..formats.options import Server
from .console import ModuleArgument, put, resolve_handle, say, size_of

Destination = Annotated[Path, typer.Argument(metavar="DST", help="The file or directory to write.")]
*OTHERS, LAST = FORMATS
FormatOption = Annotated[str, typer.Option("--to", metavar="FORMAT", help=f"{', '.join(OTHERS)} or {LAST}.")]
ForceOption = Annotated[bool, typer.Option("--force", help="Replace DST, in one step.")]
SizeOption = Annotated[
    str | None,
    typer.Option(
        "--size",
        metavar="HxW",
        help="Fixed image size in pixels. [default: any; executorch, litert: the module's]",
    ),
]
BatchOption = Annotated[
    int | None,
    typer.Option("--batch", min=1, help="Fixed number of images. [default: any; executorch, litert: 1]"),
]
PhotosOption = Annotated[
    bool, typer.Option("--photos", help="Take uint8 pixels, 0 to 255, scaled within the graph.")
]
TopOption = Annotated[
    int | None, typer.Option("--top", min=1, help="Answer with so many best classes instead of logits.")
]
Int8Option = Annotated[bool, typer.Option("--int8", help="The int8 graph that quantize made.")]
EvidenceOption = Annotated[
    bool, typer.Option("--evidence", help="One more output: the activation map of every class.")
]
ServerOption = Annotated[
    Server | None,
    typer.Option("--server", help="Make DST a model repository for this server, with its configuration."),
]
RuntimeOption = Annotated[
    Path | None,
    typer.Option(
        "--runtime", metavar="FILE", help="onnxruntime-web, packed by npm, for html. [default: here]"
    ),
]
Fp16Option = Annotated[bool, typer.Option("--fp16", help="Half-precision weights and computation.")]


def export(
    module: ModuleArgument,
    destination: Destination,
    to: FormatOption,
    force: ForceOption = False,
    size: SizeOption = None,
    batch: BatchOption = None,
    photos: PhotosOption = False,
    top: TopOption = None,
    int8: Int8Option = False,
    fp16: Fp16Option = False,
    evidence: EvidenceOption = False,
    server: ServerOption = None,
    runtime: RuntimeOption = None,
) -> None:
    """Write a module for other software. That software checks it before it is kept."""
    from ..sources.transfer import export as run

    check = run(
        resolve_handle(module), destination, to,
        force=force, size=size_of(size), batch=batch, photos=photos, top=top, int8=int8, fp16=fp16,
        evidence=evidence, server=server, runtime=runtime,
    )  # fmt: skip
    files = [p for p in destination.rglob("*") if p.is_file()] if destination.is_dir() else [destination]
    megabytes = sum(path.stat().st_size for path in files) / 1e6
    say(
        f"Wrote {to}, {megabytes:.1f} MB; loaded with {check.loader}, it answers within a relative error of "
        f"{check.error:.1e}."
    )
    if check.left_out:
        say(check.left_out)
    put(str(destination))
