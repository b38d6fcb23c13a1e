"""Options of the verbs that take photos."""

from pathlib import Path
from typing import Annotated, Any

import typer

from ..images.photo_file import MOST_PIXELS
from ..output.choices import RowFormat

Inputs = Annotated[
    list[str],
    typer.Argument(
        metavar="INPUT...",
        help="Photos, folders (searched recursively), globs, or - for a photo on standard input.",
    ),
]
MaxPixelsOption = Annotated[
    int,
    typer.Option(
        "--max-pixels",
        metavar="N",
        min=1,
        max=MOST_PIXELS,
        help="Refuse larger photos; 100 million take some 1 to 2 GB while one is decoded.",
    ),
]
ResumeOption = Annotated[
    bool, typer.Option("--resume", help="Continue FILE where the same command was interrupted.")
]


def output_option(endings: str) -> Any:
    """`--output` of a verb whose rows go to files of these `endings`."""
    told = f"Write here instead of to standard output: FILE{endings}."
    return typer.Option("--output", "-o", metavar="FILE", help=told)


FormatOption = Annotated[
    RowFormat | None,
    typer.Option("--format", help="How to write the rows. [default: as FILE ends, else table]"),
]
OutputOption = Annotated[str | None, output_option(".jsonl, .csv or .parquet")]
GalleryOption = Annotated[
    Path | None,
    typer.Option("--gallery", metavar="PAGE", help="Also write a self-contained HTML page of the photos."),
]
