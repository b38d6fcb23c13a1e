"""`classify` and `embed`: photos in, rows out."""

import signal
import sys
from collections.abc import Iterator
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Self

import typer

from ..errors import ArgumentError, OutputError
from .cluster import on_cluster
from .console import (
    LISTED,
    Device,
    DeviceOption,
    EngineOption,
    ModuleOption,
    Precision,
    PrecisionOption,
    RayOption,
    Resize,
    ResizeOption,
    load,
    report,
    say,
)

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ..inference.pipeline import Answer, Photo
    from ..inference.row import Kind
    from ..module import Module
    from ..output.resume import Done

ENDINGS = (signal.SIGINT, signal.SIGTERM)


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
    str | None, typer.Option("--output", metavar="FILE", help="Write here instead of to standard output.")
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

ResumeOption = Annotated[
    bool,
    typer.Option("--resume", help="Go on with FILE where the same command was interrupted."),
]


def classify(
    inputs: Inputs,
    module: ModuleOption = None,
    top: Annotated[int, typer.Option("--top", min=1, help="Classes per photo.")] = 5,
    format: Annotated[Format, typer.Option("--format", help="How to write the answers.")] = Format.table,
    output: OutputOption = None,
    resume: ResumeOption = False,
    gallery: Annotated[
        Path | None,
        typer.Option(
            "--gallery", metavar="PAGE", help="Also write a self-contained HTML page of the photos."
        ),
    ] = None,
    heatmaps: Annotated[
        bool, typer.Option("--heatmaps", help="Show on the page where each photo speaks for its classes.")
    ] = False,
    resize: ResizeOption = None,
    max_pixels: MaxPixelsOption = 100_000_000,
    engine: EngineOption = None,
    device: DeviceOption = Device.cpu,
    precision: PrecisionOption = Precision.f32,
    ray: RayOption = None,
) -> None:
    """Name what is on photos."""
    if heatmaps and not gallery:
        raise ArgumentError(
            "--heatmaps are for the page; give --gallery PAGE too, or use inception-hub explain."
        )
    loaded = load(module, engine, precision, device)
    run = partial(_answer, heatmaps=heatmaps) if ray is None else partial(on_cluster, ray)
    run(loaded, inputs, "predictions", format, output, resume, resize, top, gallery, max_pixels)


def embed(
    inputs: Inputs,
    module: ModuleOption = None,
    format: Annotated[
        VectorFormat, typer.Option("--format", help="How to write the vectors.")
    ] = VectorFormat.jsonl,
    output: OutputOption = None,
    resume: ResumeOption = False,
    resize: ResizeOption = None,
    max_pixels: MaxPixelsOption = 100_000_000,
    engine: EngineOption = None,
    device: DeviceOption = Device.cpu,
    precision: PrecisionOption = Precision.f32,
    ray: RayOption = None,
) -> None:
    """Turn photos into feature vectors."""
    loaded = load(module, engine, precision, device)
    length = loaded.architecture.num_features
    run = _answer if ray is None else partial(on_cluster, ray)
    run(loaded, inputs, "vector", Format(format.value), output, resume, resize, length, None, max_pixels)


def _photos(paths: Iterator[str], done: "Done", stop: "_Stop") -> "Iterator[Photo]":
    from ..inference.pipeline import Photo

    while not stop.signal and (path := next(paths, None)) is not None:
        if not done.take(path):
            yield Photo(path, source_of(path))


def source_of(path: str) -> str | bytes:
    """What to decode for an input; `-` is standard input."""
    from ..images.photo_file import MAX_BYTES

    return sys.stdin.buffer.read(MAX_BYTES + 1) if path == "-" else path


class _Stop:
    """Ctrl-C and SIGTERM stop the intake of photos, and what is under way is written; another ends at once.

    `KeyboardInterrupt` does not: raised within an import it can leave the lock taken that threads wait for.
    """

    signal: int | None = None

    def __call__(self, number: int, frame: object) -> None:
        self.signal = number
        for ending in ENDINGS:
            signal.signal(ending, signal.SIG_DFL)

    def __enter__(self) -> Self:
        self._before = {ending: signal.signal(ending, self) for ending in ENDINGS}
        return self

    def __exit__(self, *_: object) -> None:
        for ending, handler in self._before.items():
            signal.signal(ending, handler)


def _legend(heatmaps: bool) -> "NDArray[np.uint8] | None":
    if not heatmaps:
        return None
    from ..inference.heatmaps import legend

    return legend()


def _heatmaps(module: "Module", answer: "Answer", resize: Resize | None) -> "list[NDArray[np.uint8]]":
    if answer.last_map is None or answer.thumbnail is None or not answer.row.predictions:
        return []
    from ..inference.activation_maps import evidence
    from ..inference.heatmaps import laid_out

    height, width = (max(1, round(side / 6)) for side in answer.thumbnail.shape[:2])  # the browser smooths
    preset = resize.value if resize else module.spec.bundle.resize
    classes = [prediction.index for prediction in answer.row.predictions[:20]]
    return [laid_out(each, width, height, preset) for each in evidence(module, answer.last_map, classes)]


def _answer(
    module: "Module",
    inputs: list[str],
    kind: "Kind",
    format: Format,
    output: str | None,
    resume: bool,
    resize: Resize | None,
    length: int,
    gallery: Path | None,
    max_pixels: int,
    heatmaps: bool = False,
) -> None:
    from contextlib import ExitStack

    from ..images.find import find_images
    from ..inference.pipeline import answers
    from ..output.gallery import Gallery
    from ..output.writers import open_writer
    from .progress import photo_counter

    if resume and gallery:
        raise ArgumentError("--gallery shows the photos of one whole run; give it without --resume.")
    target = None if output is None else Path(output)
    paths = find_images(inputs)  # before anything is written: a path that leads nowhere changes nothing
    name = module.spec.bundle.name
    good, failed, listed = 0, 0, []
    try:
        with ExitStack() as stack:
            stop = stack.enter_context(_Stop())
            writer = stack.enter_context(open_writer(format.value, kind, target, length, resume=resume))
            if done := len(writer.done):
                if writer.done.module != name:
                    raise OutputError(
                        f"{output} holds rows of {writer.done.module}, not of {name}; "
                        "go on with that --module, or give another --output."
                    )
                say(f"{output} holds the rows of {done} photos already; the others follow.")
                good, failed = done - writer.done.errors, writer.done.errors
            page = stack.enter_context(Gallery(gallery, name, _legend(heatmaps))) if gallery else None
            advance = stack.enter_context(photo_counter(output is None and sys.stdout.isatty()))
            stream = answers(
                module,
                _photos(paths, writer.done, stop),
                kind=kind,
                top=length,
                preset=resize.value if resize else None,
                thumbnails=gallery is not None,
                last_maps=heatmaps,
                max_pixels=max_pixels,
            )
            for answer in stream:
                writer.write(answer.row)
                if page:
                    page.add(answer.row, answer.thumbnail, _heatmaps(module, answer, resize))
                if answer.row.error is None:
                    good += 1
                else:
                    failed += 1
                    listed += [answer.row.error] if len(listed) < LISTED else []
                advance()
            if stop.signal and next(paths, None) is not None:
                raise typer.Exit(128 + stop.signal)  # as shells have it
    except BrokenPipeError:
        # The reader (`| head`) has what it wanted. Python would complain once more while flushing.
        sys.stdout = None
        return
    except typer.Exit:
        if output and format is not Format.table:
            say(f"Stopped with the rows of {good + failed} photos; the same command with --resume goes on.")
        raise
    if gallery:
        say(f"Pictures: {gallery}")
    report(good + failed, failed, listed)
