"""`classify` and `embed` as functions: photos of any kind in, rows out, one at a time or as a table.

Nothing is computed before rows are asked for, and then no more than a few batches are in memory.
"""

import os
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from ..engines import EngineName, Precision
from ..errors import ArgumentError, ImageError, InputError
from ..images.find import find_images
from ..images.photo_file import MAX_PIXELS
from ..images.presets import PRESETS, Preset
from ..inference.options import TOP, Options
from ..inference.pipeline import Photo, infer
from ..inference.row import Row
from ..module import Module
from ..module_spec import ModuleSpec
from ..sources.resolve import default_handle
from .frames import arrow_table, pandas_frame, polars_frame
from .notebook import cards

if TYPE_CHECKING:
    import pandas
    import polars
    import pyarrow
    from PIL import Image

    # A photo; paths may also be folders and globs.
    One = str | os.PathLike[str] | bytes | BinaryIO | Image.Image | NDArray[np.uint8]
    Handle = str | os.PathLike[str] | ModuleSpec | Module | None


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
        if not isinstance(images, Iterator):
            find_images(os.fspath(one) for one in _each(images) if isinstance(one, (str, os.PathLike)))

    def __iter__(self) -> Iterator[Row]:
        return (result.row for result in infer(self.module, self._photos(), self._options))

    def to_list(self) -> list[Row]:
        """All rows."""
        return list(self)

    def to_arrow(self) -> "pyarrow.Table":
        """All rows as a table: a line for each path and rank, or for each path with its vector, or its error.

        Raises `MissingExtraError` without pyarrow, as the next two do, also without their own library.
        """
        return arrow_table(self, self._options.kind)

    def to_pandas(self) -> "pandas.DataFrame":
        """`to_arrow` as a data frame of pandas'."""
        return pandas_frame(self.to_arrow())

    def to_polars(self) -> "polars.DataFrame":
        """`to_arrow` as a data frame of polars'."""
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
        return _photos(self._images)


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
    module: "Handle" = None,
    *,
    top: int = TOP,
    resize: Preset | None = None,
    max_pixels: int = MAX_PIXELS,
    engine: EngineName | None = None,
    precision: Precision = "f32",
    device: str | None = None,
) -> Rows:
    """The `top` classes of photos by `module`, best first, as rows with `path` and `predictions`.

    `images`: a path, folder or glob, a photo's bytes or open file, a PIL image, a uint8 array
    [height, width, 3]; or several in a list or iterator. `module`: a `Module`, or what one is made of; None
    is the original once it has been pulled, else the bundled `tiny_imagenet`. `resize`, `max_pixels`: as of
    `load_images`. `engine`, `precision`, `device`: as of `Module`, for a module that is not made yet.

    Raises `HandleError` for a folder or glob without photos, `ArgumentError` for a module without classes.
    """
    loaded = _load(module, engine, precision, device)
    return Rows(loaded, images, Options("predictions", top, _preset(resize), max_pixels))


def embed(
    images: "One | Iterable[One]",
    module: "Handle" = None,
    *,
    resize: Preset | None = None,
    max_pixels: int = MAX_PIXELS,
    engine: EngineName | None = None,
    precision: Precision = "f32",
    device: str | None = None,
) -> Vectors:
    """The feature vectors of photos by `module`, as rows with `path` and `vector`.

    Arguments and errors: as of `classify`.
    """
    loaded = _load(module, engine, precision, device)
    return Vectors(loaded, images, Options("vector", resize=_preset(resize), max_pixels=max_pixels))


def _load(module: "Handle", engine: EngineName | None, precision: Precision, device: str | None) -> Module:
    if not isinstance(module, Module):
        return Module(module or default_handle(), engine=engine, precision=precision, device=device)
    if engine is not None or precision != "f32" or device is not None:
        raise ArgumentError(
            "The module is made already; give engine, precision and device when it is: hub.Module(...)."
        )
    return module


def _preset(resize: Preset | None) -> Preset | None:
    if resize is not None and resize not in PRESETS:
        raise ArgumentError(f"resize is {resize!r}; give one of {', '.join(PRESETS)}.")
    return resize


def _photos(images: Any) -> Iterator[Photo]:
    number = 0
    for one in _each(images):
        sources = find_images([os.fspath(one)]) if isinstance(one, (str, os.PathLike)) else (one,)
        for source in sources:
            number += 1
            name = getattr(source, "filename", None) or getattr(source, "name", None) or f"image {number}"
            if isinstance(source, str):
                name = source
            yield Photo(os.fsdecode(name), _picture(source) if isinstance(source, np.ndarray) else source)


def _each(images: Any) -> Iterable[Any]:
    """What `images` holds, or itself alone."""
    if isinstance(images, np.ndarray):
        return images if images.ndim == 4 else (images,)
    return images if isinstance(images, Iterable) and not _is_one(images) else (images,)


def _is_one(images: Any) -> bool:
    # An open file is an iterable of its lines.
    return isinstance(images, (str, bytes, os.PathLike)) or hasattr(images, "read")


def _picture(array: NDArray[Any]) -> "Image.Image":
    from PIL import Image

    if array.dtype != np.uint8 or array.ndim != 3 or array.shape[2] != 3 or not array.size:
        raise InputError(
            f"images holds an array of {array.dtype} {list(array.shape)}; give uint8 [height, width, 3], "
            "and images in [0, 1] to the module itself."
        )
    return Image.fromarray(array)
