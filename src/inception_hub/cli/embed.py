"""`embed`: photos in, feature vectors out."""

from typing import Annotated

import typer

from ..images.photo_file import MAX_PIXELS
from ..inference.options import Options
from ..output.choices import VectorFormat, row_format
from .console import DeviceOption, EngineOption, ModuleOption, PrecisionOption, RayOption, ResizeOption, load
from .photo_options import Inputs, MaxPixelsOption, ResumeOption, output_option
from .photo_run import run

FormatOption = Annotated[
    VectorFormat | None,
    typer.Option("--format", help="How to write the vectors. [default: as FILE ends, else jsonl]"),
]
OutputOption = Annotated[str | None, output_option(".jsonl, .csv, .parquet, .npy or .npz")]


def embed(
    inputs: Inputs,
    module: ModuleOption = None,
    format: FormatOption = None,
    output: OutputOption = None,
    resume: ResumeOption = False,
    resize: ResizeOption = None,
    max_pixels: MaxPixelsOption = MAX_PIXELS,
    engine: EngineOption = None,
    device: DeviceOption = "cpu",
    precision: PrecisionOption = "f32",
    ray: RayOption = None,
) -> None:
    """Turn photos into feature vectors."""
    chosen = row_format(format, output, "vector")
    loaded = load(module, engine, precision, device)
    options = Options("vector", resize=resize, max_pixels=max_pixels)
    run(loaded, inputs, options, handle=module, format=chosen, output=output, resume=resume, ray=ray)
