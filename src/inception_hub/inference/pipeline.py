"""Many photos in, rows out: decoded in threads, several batches computed at once, in order, memory bounded.

Knows files and rows, never tensors' layout. A photo that cannot be read becomes a row with its error; the
others are not touched by it.
"""

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain, islice, repeat
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..architecture import LAST_MAP
from ..errors import AnswerError, ArgumentError, ImageError
from ..images.decode import MAX_PIXELS, picture
from ..images.resize import Preset, least_pixels, resize
from ..module import Module
from .predictions import best_predictions, check_finite
from .row import Kind, Row

BATCH_SIZE = 4  # larger ones gain nothing and take more memory
GPU_BATCH_SIZE = 64  # a GPU is filled by many images at once
GPU_THREADS = 4  # one batch is computed while others are put together and their rows made
THUMBNAIL = 320  # px, longest side

S = TypeVar("S")
T = TypeVar("T")


@dataclass(frozen=True)
class Photo:
    """One photo to answer for: `path` names it in the rows, `source` is what to decode."""

    path: str
    source: Any


@dataclass(frozen=True)
class Answer:
    """A row and, where asked for, a small picture of the photo, uint8 [height, width, 3], and the last map
    before the spatial mean, float32 [height, width, features]."""

    row: Row
    thumbnail: NDArray[np.uint8] | None = None
    last_map: NDArray[np.float32] | None = None


@dataclass
class Timing:
    """Where the time of `answers` went, told as it runs: seconds in all, and waiting for decoded photos."""

    seconds: float = 0.0
    decoding: float = 0.0

    @property
    def share(self) -> float:
        """Of the time, the part spent waiting for decoding: near 1, decoding is what limits."""
        return self.decoding / self.seconds if self.seconds else 0.0


@dataclass(frozen=True)
class _Decoded:
    pixels: NDArray[np.float32] | None
    thumbnail: NDArray[np.uint8] | None
    error: str | None


def answers(
    module: Module,
    photos: Iterable[Photo],
    *,
    kind: Kind = "predictions",
    top: int = 5,
    preset: Preset | None = None,
    thumbnails: bool = False,
    last_maps: bool = False,
    max_pixels: int = MAX_PIXELS,
    timing: Timing | None = None,
) -> Iterator[Answer]:
    """One answer per photo, in order. `preset` None is the module's own way to resize. A photo of more than
    `max_pixels` is not decoded: its row is an error. `timing` is told where the time goes.

    Raises `ArgumentError` for `predictions` from a module without classes or a `top` below 1.
    """
    if kind == "predictions" and not module.architecture.num_classes:
        raise ArgumentError(
            f"{module.spec.bundle.name} is a feature vector module and has no classes; "
            "use embed, or another module."
        )
    if top < 1:
        raise ArgumentError(f"top is {top}; give 1 or more.")
    chosen: Preset = preset or module.spec.bundle.resize
    prepare = _preparation(module.image_size, chosen, thumbnails, max_pixels)
    cores = module.cores
    size, threads = (BATCH_SIZE, cores) if module.device is None else (GPU_BATCH_SIZE, GPU_THREADS)
    decoded = _overlapped(prepare, photos, cores, window=(cores + 1) * size)
    timing = timing or Timing()
    start = time.perf_counter()

    def next_batch() -> list[tuple[Photo, _Decoded]]:
        before = time.perf_counter()
        batch = list(islice(decoded, size))
        timing.decoding += time.perf_counter() - before
        return batch

    batches = iter(next_batch, [])
    first, second = next(batches, []), next(batches, [])
    module.throughput = bool(second)  # one batch alone gets all cores

    def answer(batch: list[tuple[Photo, _Decoded]]) -> list[Answer]:
        return list(_answer(module, batch, kind, top, last_maps))

    for _, found in _overlapped(answer, chain([first, second], batches), threads, window=2 * threads):
        timing.seconds = time.perf_counter() - start
        yield from found


def _preparation(
    size: tuple[int, int], preset: Preset, thumbnails: bool, max_pixels: int
) -> Callable[[Photo], _Decoded]:
    least = least_pixels(size, preset)

    def prepare(photo: Photo) -> _Decoded:
        try:
            image = picture(photo.source, max_pixels=max_pixels, least=least)
        except ImageError as error:
            return _Decoded(None, None, str(error))
        pixels = resize(image, size, preset)
        if not thumbnails:
            return _Decoded(pixels, None, None)
        small = at_least(THUMBNAIL, image, photo.source, max_pixels)
        small.thumbnail((THUMBNAIL, THUMBNAIL))
        return _Decoded(pixels, np.asarray(small), None)

    return prepare


def at_least(side: int, image: Image.Image, source: Any, max_pixels: int) -> Image.Image:
    """`image`, decoded from `source`, as a copy; or decoded once more if its longest side is below `side`.

    What the network sees is the same whether or not somebody looks on: it may be a photo decoded reduced.
    """
    return image.copy() if max(image.size) >= side else picture(source, max_pixels=max_pixels, least=side)


def _overlapped(
    work: Callable[[S], T], items: Iterable[S], threads: int, window: int
) -> Iterator[tuple[S, T]]:
    """`work` over `items` in threads, results in order, at most `window` items ahead of the reader."""
    ahead: deque[tuple[S, Future[T]]] = deque()
    with ThreadPoolExecutor(threads) as pool:
        try:
            for item in items:
                ahead.append((item, pool.submit(work, item)))
                if len(ahead) >= window:
                    first, future = ahead.popleft()
                    yield first, future.result()
            while ahead:
                first, future = ahead.popleft()
                yield first, future.result()
        finally:
            for _, future in ahead:
                future.cancel()


def _answer(
    module: Module, batch: list[tuple[Photo, _Decoded]], kind: Kind, top: int, last_maps: bool
) -> Iterator[Answer]:
    pixels = [decoded.pixels for _, decoded in batch if decoded.pixels is not None]
    signature = "image_classification" if kind == "predictions" else "image_feature_vector"
    found = module(np.stack(pixels), signature=signature, as_dict=last_maps) if pixels else ()
    outputs = iter(found["default"] if isinstance(found, dict) else found)
    maps = iter(found[LAST_MAP] if isinstance(found, dict) else repeat(None))
    name = module.spec.bundle.name
    for photo, decoded in batch:
        if decoded.error is not None:
            yield Answer(Row(photo.path, name, error=decoded.error))
            continue
        last_map = next(maps)
        try:
            output = check_finite(next(outputs), name, module.precision)
        except AnswerError as error:
            yield Answer(Row(photo.path, name, error=str(error)))
            continue
        if kind == "vector":
            row = Row(photo.path, name, vector=output)
        else:
            row = Row(photo.path, name, predictions=best_predictions(output, module.labels, top))
        yield Answer(row, decoded.thumbnail, last_map)
