"""`classify` and `embed` as functions: photos of any kind in, rows out, one at a time or as a table.

Nothing is computed before rows are asked for, and then no more than a few batches are in memory.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..engines import EngineName, PrecisionChoice
from ..errors import ArgumentError, ImageError
from ..images.given import check_paths, named_photos
from ..images.photo_file import MAX_PIXELS
from ..images.presets import Preset, checked_preset
from ..inference.decoding import Photo
from ..inference.options import Options, top_or_coverage
from ..inference.pipeline import infer
from ..inference.row import Row
from ..module import Module, ModuleLike, as_module
from .frames import arrow_table, check_frames, polars_frame
from .notebook import cards

if TYPE_CHECKING:
    import pandas
    import polars
    import pyarrow

    from ..images.given import One


class Rows(Iterable[Row]):
    """Rows of photos, in their order; computed anew each time they are iterated over.

    A photo that cannot be read is a row with its `error`; the others are not touched by it. `module` is what
    computes them.
    """

    def __init__(self, module: Module, images: "One | Iterable[One]", options: Options) -> None:
        self.module = module
        self._images, self._options = images, options
        self._used = False
        list(infer(module, (), options))  # refuses what cannot be computed
        check_paths(images)

    def __iter__(self) -> Iterator[Row]:
        return (result.row for result in infer(self.module, self._photos(), self._options))

    def to_list(self) -> list[Row]:
        """All rows."""
        return list(self)

    def to_arrow(self) -> "pyarrow.Table":
        """All rows as a table: a line for each path and rank, or for each path with its vector, or its error.

        Raises `MissingExtraError` without pyarrow, as the next two do, also without their own library.
        """
        return arrow_table(self, self._options.kind, self._options.coverage is not None)

    def to_pandas(self) -> "pandas.DataFrame":
        """`to_arrow` as a data frame of pandas'."""
        check_frames("pandas")
        return self.to_arrow().to_pandas()

    def to_polars(self) -> "polars.DataFrame":
        """`to_arrow` as a data frame of polars'."""
        check_frames("polars")
        return polars_frame(self.to_arrow())

    def _repr_html_(self) -> str:
        if isinstance(self._images, Iterator):
            return "<div>Rows of photos from an iterator, which to show them would use up.</div>"
        return cards(infer(self.module, self._photos(), replace(self._options, thumbnails=True)))

    def _photos(self) -> Iterator[Photo]:
        if isinstance(self._images, Iterator):
            if self._used:
                raise ArgumentError(
                    "The photos came from an iterator, which is used up; give a list to iterate again."
                )
            self._used = True
        return (Photo(name, source) for name, source in named_photos(self._images))


class Vectors(Rows):
    """`Rows` of feature vectors, also as one array."""

    @cached_property
    def array(self) -> NDArray[np.float32]:
        """All vectors, float32 [photos, features], computed once; raises `ImageError` if a photo has none."""
        for row in self._all:
            if row.error is not None:
                raise ImageError(f"{row.error} The others are rows: iterate over them instead.")
        features = self.module.architecture.num_features
        return np.array([row.vector for row in self._all], np.float32).reshape(-1, features)

    @cached_property
    def paths(self) -> list[str]:
        """The path of each row of `array`."""
        return [row.path for row in self._all]

    @cached_property
    def _all(self) -> list[Row]:
        return list(self)


def classify(
    images: "One | Iterable[One]",
    module: ModuleLike | None = None,
    *,
    top: int | None = None,
    coverage: float | None = None,
    resize: Preset | None = None,
    max_pixels: int = MAX_PIXELS,
    engine: EngineName | None = None,
    precision: PrecisionChoice = "f32",
    device: str | None = None,
) -> Rows:
    """The `top` classes of photos by `module`, best first, as rows with `path` and `predictions`.

    `top`: 5 by default. `coverage`, such as 0.95, instead: of each photo the set of classes, of any size,
    that holds the right one for that share of photos like those the module was calibrated on (see
    `calibrate`), and `unknown`, whether the photo is unlike anything the module learned.
    `images`: a path, folder or glob, a photo's bytes or open file, a PIL image, a uint8 array
    [height, width, 3]; or several in a list or iterator. `module`: a `Module`, or what one is made of; None
    is the original once it has been pulled, else the bundled `tiny_imagenet`. `resize`, `max_pixels`: as of
    `load_images`. `engine`, `precision`, `device`: as of `Module`, for a module that is not made yet.

    Raises `HandleError` for a folder or glob without photos, `ArgumentError` for a module without classes,
    for both `top` and `coverage`, and for a `coverage` of a module not calibrated, or on too few photos.
    """
    most = top_or_coverage(top, coverage)
    loaded = as_module(module, engine=engine, precision=precision, device=device)
    options = Options("predictions", most, checked_preset(resize), max_pixels, coverage=coverage)
    return Rows(loaded, images, options)


def embed(
    images: "One | Iterable[One]",
    module: ModuleLike | None = None,
    *,
    resize: Preset | None = None,
    max_pixels: int = MAX_PIXELS,
    engine: EngineName | None = None,
    precision: PrecisionChoice = "f32",
    device: str | None = None,
) -> Vectors:
    """The feature vectors of photos by `module`, as rows with `path` and `vector`.

    Arguments and errors: as of `classify`.
    """
    loaded = as_module(module, engine=engine, precision=precision, device=device)
    return Vectors(loaded, images, Options("vector", resize=checked_preset(resize), max_pixels=max_pixels))
