"""`classify`: photos in, class predictions out."""

from typing import Annotated

import typer

from ..errors import ArgumentError
from ..images.photo_file import MAX_PIXELS
from ..inference.options import TOP, Options, top_or_coverage
from ..output.choices import row_format
from .console import DeviceOption, EngineOption, ModuleOption, PrecisionOption, RayOption, ResizeOption, load
from .photo_options import (
    FormatOption,
    GalleryOption,
    Inputs,
    MaxPixelsOption,
    OutputOption,
    ResumeOption,
)
from .photo_run import run

TopOption = Annotated[int | None, typer.Option("--top", min=1, help=f"Classes per photo. [default: {TOP}]")]
CoverageOption = Annotated[
    float | None,
    typer.Option(
        "--coverage",
        metavar="SHARE",
        help="Instead of the best: the classes that hold the right one for this share of photos, such as "
        "0.95, and whether a photo is unlike all that the module learned; of a calibrated module.",
    ),
]
HeatmapsOption = Annotated[
    bool, typer.Option("--heatmaps", help="Show on the page which parts of each photo count for its classes.")
]


def classify(
    inputs: Inputs,
    module: ModuleOption = None,
    top: TopOption = None,
    coverage: CoverageOption = None,
    format: FormatOption = None,
    output: OutputOption = None,
    resume: ResumeOption = False,
    gallery: GalleryOption = None,
    heatmaps: HeatmapsOption = False,
    resize: ResizeOption = None,
    max_pixels: MaxPixelsOption = MAX_PIXELS,
    engine: EngineOption = None,
    device: DeviceOption = "cpu",
    precision: PrecisionOption = "f32",
    ray: RayOption = None,
) -> None:
    """Name what is on photos."""
    if heatmaps and not gallery:
        raise ArgumentError(
            "--heatmaps are for the page; give --gallery PAGE too, or use inception-hub explain."
        )
    chosen = row_format(format, output, "predictions")
    most = top_or_coverage(top, coverage)
    loaded = load(module, engine, precision, device)
    options = Options("predictions", most, resize, max_pixels, feature_maps=heatmaps, coverage=coverage)
    run(
        loaded,
        inputs,
        options,
        handle=module,
        format=chosen,
        output=output,
        resume=resume,
        gallery=gallery,
        ray=ray,
    )
