"""Many photos in, one result each out: decoded in threads, computed in batches, in order, memory bounded.

photo -> decode -> resize -> engine -> predictions -> row. A photo that cannot be read becomes a row with its
error; the others are not touched by it.
"""

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import chain, islice

import numpy as np
from numpy.typing import NDArray

from ..architecture import FEATURE_MAP, GLOBAL_POOL, LOGITS
from ..errors import AnswerError, ArgumentError
from ..images.resize import in_unit_range
from ..module import Module
from ..system.threads import in_order
from .decoding import Decoded, Photo, decode_all
from .options import Options
from .predictions import best_predictions, check_finite
from .row import Row

BATCH_SIZE = 4  # larger ones gain nothing and take more memory
GPU_BATCH_SIZE = 64  # a GPU is filled by many images at once
GPU_THREADS = 4  # one batch is computed while others are put together and their rows made
DEFAULTS = Options()


@dataclass(frozen=True)
class Result:
    """A photo's row and, where asked for, a thumbnail, uint8 [height, width, 3], the feature map before
    the spatial mean at the size of heatmaps, float32 [height, width, features], and the fingerprint."""

    row: Row
    thumbnail: NDArray[np.uint8] | None = None
    feature_map: NDArray[np.float32] | None = None
    fingerprint: NDArray[np.uint8] | None = None


@dataclass
class Timing:
    """Where the time of a run went, kept up to date as it goes: seconds in all, and waiting for photos."""

    seconds: float = 0.0
    decoding: float = 0.0

    @property
    def share(self) -> float:
        """Of the time, the part spent waiting for decoding: near 1, decoding is what limits."""
        return self.decoding / self.seconds if self.seconds else 0.0


def infer(
    module: Module, photos: Iterable[Photo], options: Options = DEFAULTS, *, timing: Timing | None = None
) -> Iterator[Result]:
    """One result for each photo, in order; `timing` is kept up to date.

    Raises `ArgumentError` for predictions from a module without classes.
    """
    if options.kind == "predictions" and not module.architecture.num_classes:
        raise ArgumentError(
            f"{module.spec.bundle.name} is a feature vector module and has no classes; "
            "use embed, or another module."
        )
    timing = timing or Timing()
    start = time.perf_counter()
    cores = module.cores
    size, threads = (BATCH_SIZE, cores) if module.device is None else (GPU_BATCH_SIZE, GPU_THREADS)
    size = min(size, module.images_at_once)
    threads = min(threads, max(1, module.images_at_once // size))
    decoded = decode_all(
        photos,
        module.image_size,
        options.resize or module.resize,
        options,
        threads=cores,
        ahead=(cores + 1) * size,
    )
    batches = iter(partial(next_batch, decoded, size, timing), [])
    first_two = list(islice(batches, 2))
    compute = partial(
        compute_batch,
        module=module,
        options=options,
        share_cores=len(first_two) > 1,  # one batch alone gets all cores
    )
    for results in in_order(compute, chain(first_two, batches), threads=threads, ahead=threads + 1):
        timing.seconds = time.perf_counter() - start
        yield from results


def next_batch(decoded: Iterator[Decoded], size: int, timing: Timing) -> list[Decoded]:
    """The next `size` photos, fewer at the end; the wait for them is added to `timing`."""
    before = time.perf_counter()
    batch = list(islice(decoded, size))
    timing.decoding += time.perf_counter() - before
    return batch


def compute_batch(
    batch: list[Decoded], *, module: Module, options: Options, share_cores: bool
) -> list[Result]:
    """A result for each photo of `batch`; those that were decoded are computed together."""
    output = LOGITS if options.kind == "predictions" else GLOBAL_POOL
    compute = partial(module.endpoints, share_cores=share_cores)
    images = [each.pixels for each in batch if each.pixels is not None]
    enlarged = [each.enlarged for each in batch if each.enlarged is not None]
    names = (output, FEATURE_MAP) if options.feature_maps and not enlarged else (output,)
    endpoints = dict(compute(in_unit_range(np.stack(images)), names)) if images else {}
    if enlarged:
        endpoints |= compute(np.stack(enlarged), (FEATURE_MAP,))
    results, position = [], 0
    for each in batch:
        if each.error is not None:
            results.append(Result(Row(each.photo.path, module.spec.bundle.name, error=each.error)))
            continue
        values = {name: array[position] for name, array in endpoints.items()}
        results.append(_result(each, values, module, options))
        position += 1
    return results


def _result(
    decoded: Decoded, endpoints: dict[str, NDArray[np.float32]], module: Module, options: Options
) -> Result:
    """The result of one photo by its own endpoints, without the batch's axis."""
    path, name = decoded.photo.path, module.spec.bundle.name
    try:
        if options.kind == "vector":
            vector = check_finite(endpoints[GLOBAL_POOL][0, 0], name, module.precision)
            row = Row(path, name, vector=vector)
        else:
            logits = check_finite(endpoints[LOGITS], name, module.precision)
            row = Row(path, name, predictions=best_predictions(logits, module.labels, options.top))
    except AnswerError as error:
        return Result(Row(path, name, error=str(error)))
    return Result(row, decoded.thumbnail, endpoints.get(FEATURE_MAP), decoded.fingerprint)
