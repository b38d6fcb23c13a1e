"""Photos of a split as a module takes them, in batches: what evaluation and quantization run over."""

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from ..errors import ArgumentError, ImageError
from ..images.loading import load_image
from ..images.presets import PRESETS, Preset
from ..system.threads import in_order
from .dataset import Split

BATCH_SIZE = 32
Batch = tuple[NDArray[np.float32], NDArray[np.int64]]
ErrorCallback = Callable[[int, str], None]  # index in the split, reason


def prepared(
    split: Split,
    size: tuple[int, int],
    preset: Preset = "default",
    batch_size: int = BATCH_SIZE,
    on_error: ErrorCallback = lambda index, message: None,
) -> Iterator[Batch]:
    """Batches of images, float32 [n, *size, 3] in [0, 1], and their indices in `split`, int64 [n].

    In the order of `split`, decoded in threads a few ahead. `size`: (height, width) in pixels. A photo that
    cannot be decoded is left out, and `on_error` is called with its index and the reason; so n is
    `batch_size` in all batches but the last. Raises `ArgumentError` for an unknown preset or a batch size
    below 1.
    """
    if preset not in PRESETS:
        raise ArgumentError(f"resize is {preset!r}; give one of {', '.join(PRESETS)}.")
    if batch_size < 1:
        raise ArgumentError(f"batch_size is {batch_size}; give 1 or more.")
    return _batches(split, size, preset, batch_size, on_error)


def _batches(
    split: Split, size: tuple[int, int], preset: Preset, batch_size: int, on_error: ErrorCallback
) -> Iterator[Batch]:
    def read(index: int) -> NDArray[np.float32] | str:
        try:
            return load_image(split.encoded(index), size, preset)
        except ImageError as error:
            return str(error)

    images: list[NDArray[np.float32]] = []
    indices: list[int] = []
    for index, image in enumerate(in_order(read, range(len(split)))):
        if isinstance(image, str):
            on_error(index, image)
            continue
        images.append(image)
        indices.append(index)
        if len(images) == batch_size:
            yield np.stack(images), np.array(indices, np.int64)
            images, indices = [], []
    if images:
        yield np.stack(images), np.array(indices, np.int64)
