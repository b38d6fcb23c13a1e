"""From a data set to what the loop takes: photos to train on, and validation photos as a module sees them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from ..architecture import LOGITS
from ..data import Dataset, Split, decode_split, duplicates_across_splits, prepared, split_dataset
from ..engines.torch import Network
from ..errors import ArgumentError
from ..images.presets import Preset
from .job import Photos, Score
from .listener import Watch
from .workers import Workers

BATCH = 64
IN_MEMORY = 256 << 20  # bytes; what decodes in seconds needs no copy on disk
SHOWN = 5  # of what went wrong, in messages


@dataclass(frozen=True)
class Material:
    """Everything decoded. `validation`: uint8 [n, height, width, 3] at the module's size, and classes."""

    train: Photos
    validation: Photos
    notes: tuple[str, ...]  # what was skipped or stands out, for the report


def with_splits(dataset: Dataset, watch: Watch) -> tuple[Dataset, list[str]]:
    """`dataset` with a validation split, made if there is none; and what stands out."""
    if "validation" not in dataset.splits:
        dataset = split_dataset(dataset)
    notes = []
    for split, counts in dataset.counts().items():
        few, many = min(counts.values()), max(counts.values())
        each = f"{few:,} each" if few == many else f"{few:,} to {many:,} each"
        watch.note(f"{split}: {sum(counts.values()):,} photos of {len(counts)} classes, {each}")
    if pairs := duplicates_across_splits(dataset):
        notes.append(f"{len(pairs)} photos are in two splits: {_some([' = '.join(pair) for pair in pairs])}")
    for note in notes:
        watch.note(note)
    return dataset, notes


def material(
    dataset: Dataset,
    stored_size: int,
    image_size: tuple[int, int],
    preset: Preset,
    folder: Path,
    watch: Watch,
    workers: Workers,
) -> Material:
    """Decodes the training photos to `stored_size` and the validation photos to `image_size`.

    The main process decodes into `folder` first; the others then read what it wrote.
    """
    if not workers.is_main:
        workers.wait()
    photos, notes = training_photos(dataset, stored_size, folder, watch)
    if workers.is_main:
        workers.wait()
    broken: list[str] = []
    validation = _prepared(dataset.splits["validation"], image_size, preset, broken)
    if broken:
        total = len(dataset.splits["validation"])
        notes.append(f"{len(broken)} of {total:,} validation photos cannot be read: {_some(broken)}")
    for note in notes:
        watch.note(note)
    return Material(photos, validation, tuple(notes))


def training_photos(dataset: Dataset, size: int, folder: Path, watch: Watch) -> tuple[Photos, list[str]]:
    """The training photos squashed to `size`, and what is to be said of those left out.

    Small sets are decoded into memory; `folder` keeps the others, where an interrupted pass goes on.
    """
    split = dataset.splits["train"]
    pixels = decode_split(
        split,
        folder if len(split) * size * size * 3 > IN_MEMORY else None,
        size,
        report=lambda done, total: watch.progress("decoding", done, total),
    )
    notes = []
    if pixels.corrupt:
        broken = f"{len(pixels.corrupt)} of {len(split):,} training photos cannot be read"
        notes.append(f"{broken}: {_some(pixels.corrupt)}")
    return Photos(_tensor(pixels.images), _tensor(pixels.aspect), _tensor(pixels.classes)), notes


def _tensor(array: NDArray[Any]) -> Tensor:
    if isinstance(array, np.memmap):  # read-only; a private mapping is what PyTorch takes without complaint
        assert array.filename is not None
        array = np.memmap(array.filename, array.dtype, "c", array.offset, array.shape)
    return torch.from_numpy(array)


def _prepared(split: Split, size: tuple[int, int], preset: Preset, broken: list[str]) -> Photos:
    images, positions = [], []
    for batch, indices in prepared(
        split,
        size,
        preset,
        BATCH,
        on_error=lambda index, message: broken.append(f"{split.name(index)}: {message}"),
    ):
        images.append((batch * 255).round().astype(np.uint8))
        positions.append(indices)
    if not images:
        raise ArgumentError(f"No validation photo can be read: {_some(broken)}.")
    classes = torch.from_numpy(split.classes[np.concatenate(positions)])
    return Photos(torch.from_numpy(np.concatenate(images)), torch.ones(len(classes)), classes)


def scorer(photos: Photos, bfloat16: bool) -> Callable[[Network], Score]:
    """A function that scores a network on `photos` by its moving statistics."""

    @torch.no_grad()
    def score(network: Network) -> Score:
        device = next(network.parameters()).device
        losses, hits = 0.0, 0
        for start in range(0, len(photos.classes), BATCH):
            images = photos.images[start : start + BATCH].to(device).float() / 255
            classes = photos.classes[start : start + BATCH].to(device)
            with torch.autocast(device.type, torch.bfloat16, enabled=bfloat16):
                logits: Tensor = network(images)[LOGITS]
            losses += float(F.cross_entropy(logits.float(), classes, reduction="sum"))
            hits += int((logits.argmax(1) == classes).sum())
        return Score(losses / len(photos.classes), hits / len(photos.classes))

    return score


def _some(items: Sequence[str]) -> str:
    more = f" and {len(items) - SHOWN} more" if len(items) > SHOWN else ""
    return "; ".join(items[:SHOWN]) + more
