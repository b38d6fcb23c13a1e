"""`similar`: photos that are like a photo, and photos that are there twice."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..images.photo_file import MAX_PIXELS
from ..inference.options import Options
from ..output.choices import row_format
from ..similarity.choices import TOP
from ..system.outputs import refuse_shared
from ..system.text import counted
from .console import (
    DeviceOption,
    EngineOption,
    ModuleOption,
    PrecisionOption,
    ResizeOption,
    announce,
    load,
    say,
    tell_failures,
    tell_unread,
)
from .photo_options import FormatOption, GalleryOption, MaxPixelsOption, OutputOption
from .photo_run import StopSignals

if TYPE_CHECKING:
    from ..module import Module
    from ..similarity.kept import Collection
    from ..similarity.rows import AnyRow

Inputs = Annotated[
    list[str],
    typer.Argument(
        metavar="PHOTO...",
        help="Photos, folders or globs to find similar photos of, or - for a photo on standard input; with "
        "--duplicates the collection.",
    ),
]
AmongOption = Annotated[
    list[str] | None,
    typer.Option(
        "--among",
        metavar="PHOTOS",
        help="Where to search: a folder, glob or photo, or several by repeating it; or vectors of embed's.",
    ),
]
DuplicatesOption = Annotated[
    bool, typer.Option("--duplicates", help="Group the photos of PHOTO... that are there more than once.")
]
TopOption = Annotated[int, typer.Option("--top", min=1, help="With --among: similar photos for each photo.")]


def similar(
    inputs: Inputs,
    among: AmongOption = None,
    duplicates: DuplicatesOption = False,
    module: ModuleOption = None,
    top: TopOption = TOP,
    format: FormatOption = None,
    output: OutputOption = None,
    gallery: GalleryOption = None,
    resize: ResizeOption = None,
    max_pixels: MaxPixelsOption = MAX_PIXELS,
    engine: EngineOption = None,
    device: DeviceOption = "cpu",
    precision: PrecisionOption = "f32",
) -> None:
    """Find photos that are alike. Those most like a photo, or those that are there twice."""
    if duplicates == bool(among):
        raise typer.BadParameter("Give --among PHOTOS to search in, or --duplicates without it")
    from ..similarity.rows import DuplicateRow, SimilarRow
    from ..similarity.writing import write_rows

    chosen = row_format(format, output, "predictions")
    assert chosen not in ("npy", "npz")
    rows_to = None if output is None else Path(output)
    refuse_shared({"--output": rows_to, "--gallery": gallery})
    loaded = load(module, engine, precision, device)
    options = Options("vector", resize=resize, max_pixels=max_pixels)
    run = _Run(loaded, module, options, gallery)
    rows = run.duplicates(inputs) if duplicates else run.similar(inputs, among or [], top)
    write_rows(rows, DuplicateRow if duplicates else SimilarRow, chosen, rows_to)
    run.end()


class _Run:
    """One run on the terminal: progress, Ctrl-C, and what is said at its end."""

    def __init__(self, module: "Module", handle: str | None, options: Options, gallery: Path | None) -> None:
        from ..images.find import Unread

        self._module, self._handle, self._options, self._gallery = module, handle, options, gallery
        self._unread = Unread()
        self._rows = 0
        self._errors: list[str] = []
        self._groups = None

    def similar(self, inputs: list[str], among: list[str], top: int) -> "Iterator[AnyRow]":
        from ..images.find import find_images
        from ..inference.decoding import Photo
        from ..similarity.page import SimilarPage
        from ..similarity.search import search

        paths = find_images(inputs)
        collection = self._collect(among, photos_only=False)
        with ExitStack() as stack:
            signals = stack.enter_context(StopSignals())
            page = None
            if self._gallery is not None:
                name = self._module.spec.bundle.name
                page = stack.enter_context(SimilarPage(self._gallery, name, self._options.max_pixels))
            sources = ((path, signals.source_of(path)) for path in paths if signals.received is None)
            photos = (Photo(path, source) for path, source in sources if source is not None)
            for row, result in search(photos, collection, self._module, self._options, top, page is not None):
                if page is not None:
                    page.add(row, result.thumbnail)
                self._count(row.error)
                yield row
            if signals.received is not None:
                raise typer.Exit(128 + signals.received)

    def duplicates(self, inputs: list[str]) -> "Iterator[AnyRow]":
        from ..similarity.page import write_duplicates_page
        from ..similarity.search import duplicate_rows

        collection = self._collect(inputs, photos_only=True)
        rows = list(duplicate_rows(collection, self._module))
        if self._gallery is not None:
            name = self._module.spec.bundle.name
            write_duplicates_page(self._gallery, rows, name, self._options.max_pixels)
        self._groups = len({row.group for row in rows if row.group is not None})
        yield from rows

    def _collect(self, given: list[str], *, photos_only: bool) -> "Collection":
        from ..images.find import find_images
        from ..similarity.search import collect
        from .progress import photo_counter

        find_images(given)  # refuses a folder without photos before anything is said
        signals = StopSignals()
        with signals, photo_counter(given, rows_on_terminal=False) as counter:
            announce(self._module, self._handle, names=False)
            counter.begin(0)
            collection = collect(
                given,
                self._module,
                self._options,
                photos_only=photos_only,
                unread=self._unread,
                stopped=lambda: signals.received is not None,
                on_photo=counter.advance,
            )
        if collection.left and signals.received is not None:
            say("Stopped; the vectors so far are kept, and the same command continues.")
            raise typer.Exit(128 + signals.received)
        self._rows += len(collection.paths)
        for _, error in collection.failures:
            self._count(error)
        return collection

    def _count(self, error: str | None) -> None:
        self._rows += 1
        self._errors += [error] if error is not None else []

    def end(self) -> None:
        """Tells what the run left behind; exits with 1 or 2 where photos failed."""
        from ..output.run import LISTED

        if self._groups is not None:
            say(
                f"{counted(self._groups, 'group')} of photos that are there more than once; "
                "nothing was deleted."
            )
        if self._gallery is not None:
            say(f"Pictures: {self._gallery}")
        tell_unread(self._unread)
        tell_failures(self._rows, len(self._errors), self._errors[:LISTED])
