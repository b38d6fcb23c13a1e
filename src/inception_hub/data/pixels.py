"""Photos of a split decoded once and made squares: one array, in memory or on disk, to crop from."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..errors import ArgumentError, ImageError
from ..images.decode import picture
from ..images.presets import Fit
from ..images.resize import fitted
from ..system.text import counted
from ..system.threads import in_order
from .dataset import Split
from .store import DecodingResult, PixelStore

MEMORY_BUDGET = 2 << 30  # bytes of decoded photos that are kept in memory rather than on disk
BATCH = 64  # photos between two lines of the record on disk

ProgressCallback = Callable[[int, int], None]  # photos done, photos in all
Square = tuple[NDArray[np.uint8], float] | str  # the image and its width / height, or why there is none


@dataclass(frozen=True, eq=False)
class Pixels:
    """The photos of a split that could be decoded, m of them, in its order.

    `images`: uint8 [m, size, size, 3], read-only where it is on disk; `aspect`: float32 [m], width / height
    of what each shows; `classes`: int64 [m]; `corrupt`: `name: reason` of each photo left out.
    """

    images: NDArray[np.uint8]
    aspect: NDArray[np.float32]
    classes: NDArray[np.int64]
    corrupt: tuple[str, ...]


def decode_split(
    split: Split,
    folder: Path | None,
    size: int,
    fit: Fit = "squash",
    *,
    report: ProgressCallback | None = None,
) -> Pixels:
    """The photos of `split` as squares of `size` pixels, resized by antialiased bilinear interpolation.

    A square photo of that size is kept exactly. `fit`: `squash` shows the whole of each photo whatever its
    proportions; with `crop`, its central square, and `pad`, all of it on grey, proportions are kept.
    `folder`: keeps the result for the next call, one folder for each split; None keeps it in memory. An
    earlier result is used only if it is complete and of the same photos (`Split.fingerprint`), size and
    `fit`, and is replaced otherwise. An interrupted call is resumed by the next. One
    process at a time. `report` is called with the number of photos done and in all.

    Raises `ArgumentError` for a size below 1, and for no folder with more than `MEMORY_BUDGET` bytes of
    pixels; `OutputError` without room for them; `ImageError` if not one photo can be decoded.
    """
    if size < 1:
        raise ArgumentError(f"size is {size} pixels; give 1 or more.")
    needed = len(split) * size * size * 3
    if folder is None:
        if needed > MEMORY_BUDGET:
            raise ArgumentError(
                f"The decoded photos take {needed:,} bytes, and at most {MEMORY_BUDGET:,} are kept in "
                "memory; give a folder for them."
            )
        memory = _Memory(np.empty((len(split), size, size, 3), np.uint8))
        _fill(memory, split, size, fit, 0, report)
        images, result = memory.images[: len(memory.result.indices)], memory.result
    else:
        store = PixelStore(folder, split.fingerprint, size, fit, len(split))
        complete = store.complete()
        if complete is None:
            with store.resume() as earlier:
                _fill(store, split, size, fit, earlier.done, report)
            complete = store.complete()
            assert complete is not None
        images, result = complete
    if not result.indices:
        reason = result.corrupt[0] if result.corrupt else "there are none"
        photos = counted(len(split), "photo")
        raise ImageError(f"None of {photos} can be decoded ({reason}); give intact photos.")
    classes = split.classes[np.array(result.indices, np.int64)]
    return Pixels(images, np.array(result.aspect, np.float32), classes, tuple(result.corrupt))


class _Memory:
    """Decoded photos in memory, filled like a `PixelStore`."""

    def __init__(self, images: NDArray[np.uint8]) -> None:
        self.images = images
        self.result = DecodingResult()

    def add(self, images: list[NDArray[np.uint8]], result: DecodingResult) -> None:
        for row, image in enumerate(images, len(self.result.indices)):
            self.images[row] = image
        self.result.extend(result)


def _fill(
    store: "_Memory | PixelStore",
    split: Split,
    size: int,
    fit: Fit,
    start: int,
    report: ProgressCallback | None,
) -> None:
    """Decodes the photos of `split` from `start` on into `store`, in batches."""
    images: list[NDArray[np.uint8]] = []
    batch = DecodingResult()
    squares = in_order(lambda index: _square(split, index, size, fit), range(start, len(split)))
    for index, photo in enumerate(squares, start):
        batch.done += 1
        if isinstance(photo, str):
            batch.corrupt.append(f"{split.name(index)}: {photo}")
        else:
            images.append(photo[0])
            batch.aspect.append(photo[1])
            batch.indices.append(index)
        if batch.done == BATCH or index == len(split) - 1:
            store.add(images, batch)
            images, batch = [], DecodingResult()
        if report is not None:
            report(index + 1, len(split))


def _square(split: Split, index: int, size: int, fit: Fit) -> Square:
    try:
        image = picture(split.encoded(index), least=size)
    except ImageError as error:
        return str(error)
    aspect = image.width / image.height if fit == "squash" else 1.0
    return np.asarray(fitted(image, (size, size), fit)), aspect
