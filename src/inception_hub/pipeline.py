"""Many photos in, rows out: decoding in threads while the network computes, in order, in bounded memory.

Knows files and rows, never tensors' layout. A photo that cannot be read becomes a row with its error; the
others are not touched by it.
"""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from typing import Any, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from .errors import ArgumentError, ImageError
from .images import decode
from .labels import top_k
from .module import Module
from .resize import Preset, resize
from .rows import Prediction, Row

Kind = Literal["predictions", "vector"]
BATCH_SIZE = 8  # on two cores larger batches gain nothing and smaller ones lose a tenth
THUMBNAIL = 320  # px, longest side

T = TypeVar("T")


@dataclass(frozen=True)
class Photo:
    """One photo to answer for: `path` names it in the rows, `source` is what to decode."""

    path: str
    source: Any


@dataclass(frozen=True)
class Answer:
    """A row and, where asked for, a small picture of the photo, uint8 [height, width, 3]."""

    row: Row
    thumbnail: NDArray[np.uint8] | None = None


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
) -> Iterator[Answer]:
    """One answer per photo, in order. `preset` None is the module's own way to resize.

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
    prepare = _preparation(module.image_size, chosen, thumbnails)
    stream = _overlapped(prepare, photos, window=2 * BATCH_SIZE)
    while batch := list(islice(stream, BATCH_SIZE)):
        yield from _answer(module, batch, kind, top)


def _preparation(size: tuple[int, int], preset: Preset, thumbnails: bool) -> Callable[[Photo], _Decoded]:
    def prepare(photo: Photo) -> _Decoded:
        try:
            image = decode(photo.source)
        except ImageError as error:
            return _Decoded(None, None, str(error))
        return _Decoded(resize(image, size, preset), _thumbnail(image) if thumbnails else None, None)

    return prepare


def _thumbnail(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    from PIL import Image

    picture = Image.fromarray(image)
    picture.thumbnail((THUMBNAIL, THUMBNAIL))
    return np.asarray(picture)


def _overlapped(
    work: Callable[[Photo], T], photos: Iterable[Photo], window: int
) -> Iterator[tuple[Photo, T]]:
    """`work` over `photos` in threads, results in order, at most `window` photos ahead of the reader."""
    photos = iter(photos)
    ahead: deque[tuple[Photo, Future[T]]] = deque()
    with ThreadPoolExecutor(os.cpu_count() or 1, "decode") as threads:
        try:
            for photo in photos:
                ahead.append((photo, threads.submit(work, photo)))
                if len(ahead) >= window:
                    first, future = ahead.popleft()
                    yield first, future.result()
            while ahead:
                first, future = ahead.popleft()
                yield first, future.result()
        finally:
            for _, future in ahead:
                future.cancel()


def _answer(module: Module, batch: list[tuple[Photo, _Decoded]], kind: Kind, top: int) -> Iterator[Answer]:
    pixels = [decoded.pixels for _, decoded in batch if decoded.pixels is not None]
    signature = "image_classification" if kind == "predictions" else "image_feature_vector"
    outputs = iter(module(np.stack(pixels), signature=signature) if pixels else ())
    name = module.spec.bundle.name
    for photo, decoded in batch:
        if decoded.error is not None:
            yield Answer(Row(photo.path, name, error=decoded.error))
        elif kind == "vector":
            yield Answer(Row(photo.path, name, vector=next(outputs)), decoded.thumbnail)
        else:
            predictions = _predictions(module, next(outputs), top)
            yield Answer(Row(photo.path, name, predictions=predictions), decoded.thumbnail)


def _predictions(module: Module, logits: NDArray[np.float32], top: int) -> tuple[Prediction, ...]:
    exponentials = np.exp(logits - logits.max())
    probabilities = exponentials / exponentials.sum()
    return tuple(
        Prediction(module.labels[index], index, float(probabilities[index]))
        for index in top_k(probabilities, top)
    )
