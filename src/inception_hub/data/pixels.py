"""Every photo decoded once, squashed to a square, as one array that training crops from.

On disk it is `pixels.npy` and, beside it, `pixels.jsonl`: a line with what was asked for, then a line for
each batch with what came of it. While it is made both are called `.partial`; a batch's line is written when
its pixels are on disk already, so that whatever is interrupted goes on after the last line.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..errors import ArgumentError, ImageError
from ..images.decode import decode
from ..system.threads import in_order
from .photos import Split
from .store import Outcome, Store

MEMORY_BUDGET = 2 << 30  # bytes of decoded photos that are kept in memory rather than on disk
BATCH = 64  # photos decoded between two records of progress

Report = Callable[[int, int], None]
Decoded = tuple[NDArray[np.uint8], float] | str


@dataclass(frozen=True, eq=False)
class Pixels:
    """The photos of a split that could be decoded, m of them, in its order.

    `images`: uint8 [m, size, size, 3], the whole of each photo whatever its proportions, read-only if it
    lies on disk; `aspect`: float32 [m], width / height of the original; `classes`: int64 [m]; `indices`:
    int64 [m], where they are in the split; `corrupt`: `name: reason` of each photo left out.
    """

    images: NDArray[np.uint8]
    aspect: NDArray[np.float32]
    classes: NDArray[np.int64]
    indices: NDArray[np.int64]
    corrupt: tuple[str, ...]


def decode_split(split: Split, folder: Path | None, size: int, *, report: Report | None = None) -> Pixels:
    """The photos of `split` as squares of `size` pixels, antialiased bilinear; exact where they are that.

    `folder`: where the result is kept and found again, one folder for each split; None keeps it in memory.
    What lies there counts only if it is whole and of the same photos (`Split.fingerprint`) and size, and is
    replaced otherwise. Interrupted at any moment, it goes on where it was. One process at a time.
    `report` is called with the photos done and in all.

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
        store = _Memory(np.empty((len(split), size, size, 3), np.uint8))
        _fill(store, split, size, Outcome(), report)
        images, outcome = store.images[: len(store.outcome.indices)], store.outcome
    else:
        disk = Store(folder, split.fingerprint, size, len(split))
        kept = disk.complete()
        if kept is None:
            with disk.resume() as outcome:
                _fill(disk, split, size, outcome, report)
            kept = disk.complete()
            assert kept is not None
        images, outcome = kept
    if not outcome.indices:
        reason = outcome.corrupt[0] if outcome.corrupt else "there are none"
        raise ImageError(f"None of {len(split)} photos can be decoded ({reason}); give intact photos.")
    indices = np.array(outcome.indices, np.int64)
    aspect = np.array(outcome.aspect, np.float32)
    return Pixels(images, aspect, split.classes[indices], indices, tuple(outcome.corrupt))


class _Memory:
    """What `Store` is on disk."""

    def __init__(self, images: NDArray[np.uint8]) -> None:
        self.images = images
        self.outcome = Outcome()

    def add(self, images: list[NDArray[np.uint8]], outcome: Outcome) -> None:
        start = len(self.outcome.indices)
        for row, image in enumerate(images, start):
            self.images[row] = image
        self.outcome = self.outcome.then(outcome)


def _fill(store: "_Memory | Store", split: Split, size: int, already: Outcome, report: Report | None) -> None:
    images: list[NDArray[np.uint8]] = []
    new = Outcome()
    decoded = in_order(lambda index: _squashed(split, index, size), range(already.done, len(split)))
    for index, result in enumerate(decoded, already.done):
        new.done += 1
        if isinstance(result, str):
            new.corrupt.append(f"{split.name(index)}: {result}")
        else:
            images.append(result[0])
            new.aspect.append(result[1])
            new.indices.append(index)
        if new.done == BATCH or index == len(split) - 1:
            store.add(images, new)
            images, new = [], Outcome()
        if report is not None:
            report(index + 1, len(split))


def _squashed(split: Split, index: int, size: int) -> Decoded:
    try:
        image = decode(split.encoded(index))
    except ImageError as error:
        return str(error)
    height, width = image.shape[:2]
    if (height, width) != (size, size):
        image = np.asarray(Image.fromarray(image).resize((size, size), Image.Resampling.BILINEAR))
    return image, width / height
