"""Photos as callers give them, one or many: paths, folders, globs, bytes, open files, PIL images, arrays."""

import os
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from .find import find_images

if TYPE_CHECKING:
    from PIL import Image

    from .decode import Source

    One = Source | NDArray[np.uint8]  # a photo; paths may also be folders and globs


def named_photos(images: "One | Iterable[One]") -> "Iterator[tuple[str, Source]]":
    """The name of each photo and what to decode for it, in order; folders and globs are searched.

    A photo without a path is called by its number. Raises `InputError` for an array that is no photo, and
    what `find_images` raises.
    """
    number = 0
    for one in as_many(images):
        sources = find_images([one]) if _is_path(one) else (one,)
        for source in sources:
            number += 1
            name = getattr(source, "filename", None) or getattr(source, "name", None) or f"image {number}"
            if isinstance(source, str):
                name = str(source)  # NumPy's texts are of a type of their own
            yield os.fsdecode(name), _picture(source) if isinstance(source, np.ndarray) else source


def check_paths(images: "One | Iterable[One]") -> None:
    """Raises `HandleError` for a folder or glob without photos; an iterator is left as it is."""
    if not isinstance(images, Iterator):
        find_images(one for one in as_many(images) if _is_path(one))


def as_many(given: Any) -> Iterable[Any]:
    """What `given` holds, or itself alone where it is one photo."""
    if isinstance(given, np.ndarray):
        return given if given.ndim in (1, 4) else (given,)
    return given if isinstance(given, Iterable) and not is_one(given) else (given,)


def is_one(given: Any) -> bool:
    """Whether `given` is one thing although it can be iterated over: text, bytes, or an open file."""
    return isinstance(given, (str, bytes, bytearray, memoryview, os.PathLike)) or hasattr(given, "read")


def _is_path(one: Any) -> bool:
    return isinstance(one, (str, os.PathLike))


def _picture(array: NDArray[Any]) -> "Image.Image":
    from PIL import Image

    if array.dtype != np.uint8 or array.ndim != 3 or array.shape[2] != 3 or not array.size:
        raise InputError(
            f"images holds an array of {array.dtype} {list(array.shape)}; give uint8 [height, width, 3], "
            "and images in [0, 1] to the module itself."
        )
    return Image.fromarray(array)
