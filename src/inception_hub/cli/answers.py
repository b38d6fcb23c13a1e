"""`classify` and `embed`: photos in, rows out."""

import sys
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .console import (
    Engine,
    EngineOption,
    ModuleOption,
    Precision,
    PrecisionOption,
    Resize,
    ResizeOption,
    load,
    say,
)

if TYPE_CHECKING:
    from ..module import Module
    from ..pipeline import Kind, Photo


class Format(StrEnum):
    """How `classify` writes its rows."""

    table = "table"
    jsonl = "jsonl"
    csv = "csv"
    parquet = "parquet"


class VectorFormat(StrEnum):
    """How `embed` writes its rows."""

    jsonl = "jsonl"
    csv = "csv"
    parquet = "parquet"


Inputs = Annotated[
    list[str],
    typer.Argument(
        metavar="INPUT...",
        help="Photos, folders (searched recursively), globs, or - for a photo on standard input.",
    ),
]
OutputOption = Annotated[
    Path | None, typer.Option("--output", metavar="FILE", help="Write here instead of to standard output.")
]
MaxPixelsOption = Annotated[
    int,
    typer.Option(
        "--max-pixels",
        metavar="N",
        min=1,
        max=178_956_970,
        help="Refuse larger photos; 100 million take some 1 to 2 GB while one is decoded.",
    ),
]


def classify(
    inputs: Inputs,
    module: ModuleOption = None,
    top: Annotated[int, typer.Option("--top", min=1, help="Classes per photo.")] = 5,
    format: Annotated[Format, typer.Option("--format", help="How to write the answers.")] = Format.table,
    output: OutputOption = None,
    gallery: Annotated[
        Path | None,
        typer.Option(
            "--gallery", metavar="PAGE", help="Also write a self-contained HTML page of the photos."
        ),
    ] = None,
    resize: ResizeOption = None,
    max_pixels: MaxPixelsOption = 100_000_000,
    engine: EngineOption = Engine.openvino,
    precision: PrecisionOption = Precision.f32,
) -> None:
    """Name what is on photos."""
    loaded = load(module, engine, precision)
    _answer(loaded, inputs, "predictions", format, output, resize, top, gallery, max_pixels)


def embed(
    inputs: Inputs,
    module: ModuleOption = None,
    format: Annotated[
        VectorFormat, typer.Option("--format", help="How to write the vectors.")
    ] = VectorFormat.jsonl,
    output: OutputOption = None,
    resize: ResizeOption = None,
    max_pixels: MaxPixelsOption = 100_000_000,
    engine: EngineOption = Engine.openvino,
    precision: PrecisionOption = Precision.f32,
) -> None:
    """Turn photos into feature vectors."""
    loaded = load(module, engine, precision)
    _answer(loaded, inputs, "vector", Format(format.value), output, resize, 1, None, max_pixels)


def _photos(inputs: list[str]) -> "Iterator[Photo]":
    from ..files import find_images
    from ..photo_file import MAX_BYTES
    from ..pipeline import Photo

    for path in find_images(inputs):
        yield Photo(path, sys.stdin.buffer.read(MAX_BYTES + 1) if path == "-" else path)


def _answer(
    module: "Module",
    inputs: list[str],
    kind: "Kind",
    format: Format,
    output: Path | None,
    resize: Resize | None,
    top: int,
    gallery: Path | None,
    max_pixels: int,
) -> None:
    from contextlib import ExitStack
    from itertools import chain

    from ..gallery import Gallery
    from ..pipeline import answers
    from ..progress import photo_counter
    from ..writers import open_writer

    photos = _photos(inputs)
    first = next(photos)  # before anything is written: a path that leads nowhere changes nothing
    stream = answers(
        module,
        chain([first], photos),
        kind=kind,
        top=top,
        preset=resize.value if resize else None,
        thumbnails=gallery is not None,
        max_pixels=max_pixels,
    )
    good, failed = 0, []
    try:
        with ExitStack() as stack:
            writer = stack.enter_context(open_writer(format.value, kind, output, top))
            page = stack.enter_context(Gallery(gallery, module.spec.bundle.name)) if gallery else None
            advance = stack.enter_context(photo_counter(output is None and sys.stdout.isatty()))
            for answer in stream:
                writer.write(answer.row)
                if page:
                    page.add(answer.row, answer.thumbnail)
                if answer.row.error is None:
                    good += 1
                else:
                    failed.append(answer.row.error)
                advance()
    except BrokenPipeError:
        # The reader (`| head`) has what it wanted. Python would complain once more while flushing.
        sys.stdout = None
        return
    if gallery:
        say(f"Pictures: {gallery}")
    if failed:
        say(f"{len(failed)} of {good + len(failed)} photos could not be read:")
        for line in failed:
            say(f"  {line}")
        raise typer.Exit(1 if good else 2)
