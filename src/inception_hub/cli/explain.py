"""`explain`: which parts of photos count for their classes, as pictures."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import ImageError, OutputError
from ..images.photo_file import MAX_PIXELS
from ..inference.options import EXPLAINED
from ..system.atomic import atomic_file
from ..system.names import folded
from ..system.outputs import as_output_error, held
from .console import (
    DeviceOption,
    EngineOption,
    ModuleOption,
    PrecisionOption,
    ResizeOption,
    announce,
    load,
    put,
    size_of,
    tell_failures,
    tell_unread,
)
from .photo_options import Inputs, MaxPixelsOption
from .photo_run import source_of

if TYPE_CHECKING:
    from PIL import Image

FolderOption = Annotated[
    Path, typer.Option("--output", metavar="DIR", help="A new or empty folder for the pictures.")
]
TopOption = Annotated[int, typer.Option("--top", min=1, max=20, help="Classes per photo.")]
ClassOption = Annotated[
    list[str] | None,
    typer.Option("--class", metavar="LABEL", help="A class to show instead, by label or index; repeatable."),
]
SizeOption = Annotated[
    str | None,
    typer.Option(
        "--size",
        metavar="HxW",
        help="Pixels to compute at; more give finer maps. [default: the module's for classes, and for maps "
        "up to 224]",
    ),
]


def explain(
    inputs: Inputs,
    output: FolderOption,
    module: ModuleOption = None,
    top: TopOption = EXPLAINED,
    classes: ClassOption = None,
    size: SizeOption = None,
    resize: ResizeOption = None,
    max_pixels: MaxPixelsOption = MAX_PIXELS,
    engine: EngineOption = None,
    device: DeviceOption = "cpu",
    precision: PrecisionOption = "f32",
) -> None:
    """Show which parts of photos count. A picture of each photo with heatmaps of its classes."""
    from ..images.find import Unread, find_images
    from ..inference.activation_maps import index_of
    from ..inference.explained_photo import explained_photo

    loaded = load(module, engine, precision, device)
    chosen = [index_of(loaded, each) for each in classes] if classes else None
    at = size_of(size)
    unread = Unread()
    paths = find_images(inputs, unread)
    failures: list[str] = []
    with held(output):
        pictures = Pictures(output)
        for path in paths:
            try:
                source = source_of(path)
                picture = explained_photo(
                    loaded, source, top=top, classes=chosen, size=at, resize=resize, max_pixels=max_pixels
                )
            except ImageError as error:
                failures.append(str(error))
                continue
            if not pictures.count:
                announce(loaded, module)
            pictures.save(picture, path)
    tell_unread(unread)
    tell_failures(pictures.count + len(failures), len(failures), failures)


class Pictures:
    """Saves pictures as PNG files in `folder`, and prints their paths.

    Raises `OutputError` if `folder` is not an empty one.
    """

    def __init__(self, folder: Path) -> None:
        with as_output_error(folder):
            if any(folder.iterdir()):
                raise OutputError(f"{folder} exists and is no empty folder; give --output a new one.")
        self._folder = folder
        self._taken: set[str] = set()
        self.count = 0

    def save(self, image: "Image.Image", photo: str) -> None:
        """Saves `image`, named after the path `photo`."""
        target = self._folder / self._name(photo)
        with as_output_error(target):
            with atomic_file(target) as temporary:
                image.save(temporary, "PNG")
        self.count += 1
        put(str(target))

    def _name(self, photo: str) -> str:
        """The photo's own name as a PNG, numbered where another folder's photo has it."""
        stem = Path(photo).stem
        name, number = f"{stem}.png", 2
        while folded(name) in self._taken:
            name, number = f"{stem}-{number}.png", number + 1
        self._taken.add(folded(name))
        return name
