"""What a module computes for labelled photos: logits, features, and each photo's random numbers."""

from collections.abc import Callable, Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from ..architecture import GLOBAL_POOL, LOGITS
from ..calibration import MOST_HELD_OUT, Calibration, Outputs, chance, fit
from ..data import Dataset, Split, prepared
from ..errors import ArgumentError
from ..module import Module
from .match import match_labels

LEARNED = 2_000  # photos whose features make class means; ten of each class where that is more, but at most
MOST_LEARNED, OF_EACH = 10_000, 10
SEED = 0  # which of too many photos are taken
NEEDED = (LOGITS, GLOBAL_POOL)  # endpoints
Progress = Callable[[int, int], None]


def outputs_of_batch(
    images: NDArray[np.float32], endpoints: Mapping[str, NDArray[np.float32]], classes: NDArray[np.int64]
) -> Outputs:
    """The outputs for `images` of `classes`; `endpoints` has those of `NEEDED`."""
    chances = np.array([chance(image) for image in images])
    return Outputs(endpoints[LOGITS], endpoints[GLOBAL_POOL][:, 0, 0], chances, classes)


def outputs_of(
    module: Module,
    split: Split,
    indices: NDArray[np.int64],
    unreadable: list[str],
    on_progress: Progress = lambda done, total: None,
) -> Outputs:
    """The outputs of `module` for every readable photo of `split`.

    `indices`: the module's index of each class of the data. Appends `name: reason` of other photos to
    `unreadable`. Raises `ArgumentError` where none can be read, or numbers are not finite.
    """
    parts = list(_batches(module, split, indices, unreadable, on_progress))
    if not parts:
        raise ArgumentError(
            f"None of the {len(split):,} photos to calibrate on can be read; give intact ones."
        )
    columns = zip(*(vars(part).values() for part in parts), strict=True)
    outputs = Outputs(*(np.concatenate(column) for column in columns))
    if not (np.isfinite(outputs.logits).all() and np.isfinite(outputs.features).all()):
        raise ArgumentError(
            f"{module.spec.bundle.name} computed numbers that are not finite, by which nothing can be "
            "calibrated; take another module."
        )
    return outputs


def _batches(
    module: Module,
    split: Split,
    indices: NDArray[np.int64],
    unreadable: list[str],
    on_progress: Progress,
) -> Iterator[Outputs]:
    batches = prepared(
        split,
        module.image_size,
        module.resize,
        on_error=lambda index, message: unreadable.append(f"{split.name(index)}: {message}"),
    )
    for images, positions in batches:
        yield outputs_of_batch(images, module.endpoints(images, NEEDED), indices[split.classes[positions]])
        on_progress(int(positions[-1]) + 1, len(split))


def calibration_of(
    module: Module,
    dataset: Dataset,
    learned: Split,
    held_out: Split,
    unreadable: list[str],
    on_progress: Progress = lambda done, total: None,
) -> Calibration:
    """The calibration of `module` by two splits of `dataset`: some of `learned`, and `held_out`.

    Raises `ArgumentError` for classes that the module does not have, and what `outputs_of` raises.
    """
    indices = match_labels(module.labels, dataset.labels)
    first, second = few_of_each(learned), _some(held_out, MOST_HELD_OUT)
    total = len(first) + len(second)
    means = outputs_of(module, first, indices, unreadable, lambda done, _: on_progress(done, total))
    held = outputs_of(
        module, second, indices, unreadable, lambda done, _: on_progress(len(first) + done, total)
    )
    return fit(means, held)


def few_of_each(split: Split) -> Split:
    """Enough photos of `split` for class means, as many of each class as there are, by chance."""
    counts = np.bincount(split.classes)
    present = int((counts > 0).sum())
    most = min(max(LEARNED, OF_EACH * present), MOST_LEARNED)
    if len(split) <= most:
        return split
    order = np.random.default_rng(SEED).permutation(len(split))
    by_class = order[np.argsort(split.classes[order], kind="stable")]
    starts = np.cumsum(counts) - counts
    rank = np.arange(len(split)) - starts[split.classes[by_class]]
    return split.subset(np.sort(by_class[np.argsort(rank, kind="stable")[:most]]))


def halves(split: Split) -> tuple[Split, Split]:
    """Two halves of `split`, by chance, each class parted evenly."""
    order = np.random.default_rng(SEED).permutation(len(split))
    by_class = order[np.argsort(split.classes[order], kind="stable")]
    return split.subset(np.sort(by_class[::2])), split.subset(np.sort(by_class[1::2]))


def _some(split: Split, most: int) -> Split:
    if len(split) <= most:
        return split
    chosen = np.random.default_rng(SEED).permutation(len(split))[:most]
    return split.subset(np.sort(chosen))
