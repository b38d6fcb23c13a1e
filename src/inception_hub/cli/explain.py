"""`explain`: where photos speak for their classes, as pictures."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import ImageError, OutputError
from .answers import Inputs, MaxPixelsOption, source_of
from .console import (
    Device,
    DeviceOption,
    EngineOption,
    ModuleOption,
    Precision,
    PrecisionOption,
    ResizeOption,
    load,
    report,
    size_of,
)

if TYPE_CHECKING:
    from PIL import Image


def explain(
    inputs: Inputs,
    output: Annotated[
        Path, typer.Option("--output", metavar="DIR", help="A new or empty folder for the pictures.")
    ],
    module: ModuleOption = None,
    top: Annotated[int, typer.Option("--top", min=1, max=20, help="Classes per photo.")] = 3,
    classes: Annotated[
        list[str] | None,
        typer.Option(
            "--class", metavar="LABEL", help="A class to show instead, by label or index; repeatable."
        ),
    ] = None,
    size: Annotated[
        str | None,
        typer.Option(
            "--size",
            metavar="HxW",
            help="Pixels to compute at; more give finer maps. [default: the module's]",
        ),
    ] = None,
    resize: ResizeOption = None,
    max_pixels: MaxPixelsOption = 100_000_000,
    engine: EngineOption = None,
    device: DeviceOption = Device.cpu,
    precision: PrecisionOption = Precision.f32,
) -> None:
    """Show where photos speak for their classes: a picture of each photo with heatmaps over it."""
    from ..images.decode import picture as opened
    from ..images.find import find_images
    from ..images.resize import least_pixels
    from ..images.resize import resize as resized
    from ..inference.activation_maps import explain, index_of
    from ..inference.heatmaps import PANEL, picture
    from ..inference.pipeline import at_least
    from ..output.files import StandardOutput, as_output_error
    from ..system.text import encoded

    loaded = load(module, engine, precision, device)
    preset = (resize.value if resize else None) or loaded.spec.bundle.resize
    at = size_of(size) or loaded.image_size
    chosen = None if not classes else [index_of(loaded, each) for each in classes]
    paths = find_images(inputs)
    with as_output_error(output):
        if output.exists() and not (output.is_dir() and not any(output.iterdir())):
            raise OutputError(f"{output} exists and is no empty folder; give --output a new one.")
    least = least_pixels(at, preset)
    listing = StandardOutput()
    taken: set[str] = set()
    failures: list[str] = []
    photos = 0
    for path in paths:
        photos += 1
        source = source_of(path)
        try:
            photo = opened(source, max_pixels=max_pixels, least=least)
            (found,) = explain(loaded, resized(photo, at, preset)[None], top=top, classes=chosen)
            photo = at_least(PANEL, photo, source, max_pixels)
        except ImageError as error:
            failures.append(str(error))
            continue
        target = output / _name(path, taken)
        with as_output_error(target):
            output.mkdir(parents=True, exist_ok=True)
        _save(picture(photo, found, preset), target)
        listing.append(encoded(f"{target}\n"))
    report(photos, len(failures), failures)


def _save(image: "Image.Image", target: Path) -> None:
    from ..output.files import PendingFile, as_output_error

    file = PendingFile(target)
    try:
        with as_output_error(target):
            image.save(file.file, "PNG")
        file.commit()
    except BaseException:
        file.discard()
        raise


def _name(path: str, taken: set[str]) -> str:
    """The photo's own name as a PNG, numbered where another folder's photo has it."""
    stem = Path(path).stem
    name, number = f"{stem}.png", 2
    while name.casefold() in taken:
        name, number = f"{stem}-{number}.png", number + 1
    taken.add(name.casefold())
    return name
