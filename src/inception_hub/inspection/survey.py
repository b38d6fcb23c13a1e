"""One look at every photo of a data set: its feature vector, its fingerprint, and figures of its quality."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..architecture import GLOBAL_POOL
from ..data import Dataset, Split
from ..errors import AnswerError, ArgumentError, ImageError
from ..images import fingerprint, quality
from ..images.decode import at_least, stored_size
from ..images.loading import decode_compactly
from ..images.photo_file import MAX_PIXELS
from ..images.presets import Preset
from ..images.resize import in_unit_range
from ..inference.predictions import check_finite
from ..module import Module
from ..system.text import counted
from ..system.threads import in_order

BATCH = 32  # photos
IN_MEMORY = 256 << 20  # bytes; what is more is kept in a file


@dataclass(frozen=True)
class Unreadable:
    """A photo that was left out: its split, its index there and the reason."""

    split: str
    index: int
    reason: str


@dataclass(frozen=True, eq=False)
class Survey:
    """What was seen of the n readable photos of a data set, split by split.

    `splits`: int64 [n], places in the data set's splits; `indices`: int64 [n], of photos in their splits;
    `classes`: int64 [n]. `vectors`: float32 [n, features]. `fingerprints`: uint8 [n, side, side].
    `qualities`: float32 [n, 5], as the fields of `Quality`.
    """

    dataset: Dataset
    splits: NDArray[np.int64]
    indices: NDArray[np.int64]
    classes: NDArray[np.int64]
    vectors: NDArray[np.float32]
    fingerprints: NDArray[np.uint8]
    qualities: NDArray[np.float32]
    unreadable: tuple[Unreadable, ...]

    def __len__(self) -> int:
        return len(self.classes)

    def place(self, row: int) -> tuple[str, Split, int]:
        """The split of photo `row`, by name and itself, and the photo's index in it."""
        name = list(self.dataset.splits)[self.splits[row]]
        return name, self.dataset.splits[name], int(self.indices[row])


class _Seen(NamedTuple):
    """A photo as the module takes it, and what else is seen of it."""

    pixels: NDArray[Any]
    fingerprint: NDArray[np.uint8]
    quality: quality.Quality


def survey(
    dataset: Dataset,
    module: Module,
    preset: Preset | None = None,
    on_progress: Callable[[int, int], object] = lambda done, total: None,
) -> Survey:
    """Looks at all photos of `dataset` with `module`, resized by `preset`, None is the module's own.

    Raises `ArgumentError` if no photo can be read.
    """
    with ExitStack() as files:
        return _surveyed(dataset, module, preset or module.resize, on_progress, files)


def _surveyed(
    dataset: Dataset,
    module: Module,
    preset: Preset,
    on_progress: Callable[[int, int], object],
    files: ExitStack,
) -> Survey:
    lengths = [len(split) for split in dataset.splits.values()]
    photos = _Photos(
        tuple(dataset.splits.values()),
        np.repeat(np.arange(len(lengths)), lengths),
        np.concatenate([np.arange(length) for length in lengths]),
    )
    count, side = len(photos.indices), fingerprint.SIDE
    vectors = _Rows((count, module.architecture.num_features), np.float32, files)
    fingerprints = _Rows((count, side, side), np.uint8, files)
    qualities = _Rows((count, len(quality.Quality._fields)), np.float32, files)
    kept: list[int] = []
    failed: dict[int, str] = {}  # by place in `photos`, the reason
    for rows, batch in _batches(photos, module, preset, failed, on_progress):
        pooled = module.endpoints(in_unit_range(np.stack([seen.pixels for seen in batch])), (GLOBAL_POOL,))
        for row, seen, vector in zip(rows, batch, pooled[GLOBAL_POOL][:, 0, 0], strict=True):
            try:
                vectors.add(check_finite(vector, module.spec.bundle.name, module.precision))
            except AnswerError as error:
                failed[row] = str(error)
                continue
            fingerprints.add(seen.fingerprint)
            qualities.add(np.array(seen.quality, np.float32))
            kept.append(row)
    if not kept:
        raise ArgumentError(
            f"None of {counted(count, 'photo')} of {dataset.name} can be read "
            f"({next(iter(failed.values()), 'there are none')}); give intact photos."
        )
    classes = np.concatenate([split.classes for split in photos.splits])[kept]
    arrays = (rows.array() for rows in (vectors, fingerprints, qualities))
    names = list(dataset.splits)
    unreadable = (Unreadable(names[photos.places[row]], int(photos.indices[row]), reason)
                  for row, reason in sorted(failed.items()))  # fmt: skip
    return Survey(
        dataset, photos.places[kept], photos.indices[kept], classes, *arrays, unreadable=tuple(unreadable)
    )


class _Photos(NamedTuple):
    """All photos, split by split: `places` of their splits among `splits`, and `indices` in these."""

    splits: tuple[Split, ...]
    places: NDArray[np.int64]
    indices: NDArray[np.int64]


def _batches(
    photos: _Photos,
    module: Module,
    preset: Preset,
    failed: dict[int, str],
    on_progress: Callable[[int, int], object],
) -> Iterator[tuple[list[int], list[_Seen]]]:
    """Readable photos, by their places in `photos`, as many at a time as are computed together."""

    def look(row: int) -> _Seen | str:
        try:
            content = photos.splits[photos.places[row]].encoded(int(photos.indices[row]))
            return _look(content, module.image_size, preset)
        except ImageError as error:
            return str(error)

    rows: list[int] = []
    batch: list[_Seen] = []
    count = len(photos.indices)
    for row, seen in enumerate(in_order(look, range(count))):
        if isinstance(seen, str):
            failed[row] = seen
        else:
            rows.append(row)
            batch.append(seen)
        if len(batch) == BATCH or (batch and row + 1 == count):
            yield rows, batch
            rows, batch = [], []
        on_progress(row + 1, count)


def _look(content: bytes, size: tuple[int, int], preset: Preset) -> _Seen:
    image, pixels = decode_compactly(content, size, preset, max_pixels=MAX_PIXELS)
    large = at_least(quality.SIDE, image, content, MAX_PIXELS)
    return _Seen(pixels, fingerprint.fingerprint(large), quality.quality(large, stored_size(content)))


class _Rows:
    """Rows that are added one after another: kept in memory, or in a file without a name if they are many."""

    def __init__(self, shape: tuple[int, ...], dtype: type[Any], files: ExitStack) -> None:
        """`shape`: of all rows together, if none is left out. `files`: closes the file."""
        self._count = 0
        self._shape, self._dtype = shape, np.dtype(dtype)
        many = int(np.prod(shape)) * self._dtype.itemsize > IN_MEMORY
        self._file = files.enter_context(tempfile.TemporaryFile()) if many else None
        self._rows = np.empty((0, *shape[1:]) if many else shape, dtype)

    def add(self, row: NDArray[Any]) -> None:
        if self._file is None:
            self._rows[self._count] = row
        else:
            self._file.write(np.ascontiguousarray(row, self._dtype).tobytes())
        self._count += 1

    def array(self) -> NDArray[Any]:
        """All rows; of a file a map, which outlives it."""
        if self._file is None:
            return self._rows[: self._count]
        self._file.flush()
        return np.memmap(self._file, self._dtype, "r", shape=(self._count, *self._shape[1:]))
