"""Training data: the decoded photos that a run trains on, and the validation set as a module sees it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..data import TRAIN, VALIDATION, Dataset, Split, decode_split, prepared, split_dataset
from ..errors import ArgumentError
from ..images.presets import DEFINITIONS, Fit, Preset
from ..inspection.quick_look import copy_notes
from ..system.text import counted, first_few
from .listener import RunListener
from .workers import Workers

BATCH = 64  # photos
IN_MEMORY = 256 << 20  # bytes; what decodes in seconds needs no copy on disk


@dataclass(frozen=True)
class Photos:
    """Decoded photos. `images`: uint8 [n, height, width, 3], made one shape; `aspects`: float32 [n], the true
    width over height of what they show; `classes`: int64 [n]."""

    images: Tensor
    aspects: Tensor
    classes: Tensor


@dataclass(frozen=True)
class TrainingData:
    """The decoded photos of a run. `validation` has the module's size and preset."""

    train: Photos
    validation: Photos
    notes: tuple[str, ...]  # for the report: photos that were left out


def with_validation_set(dataset: Dataset, listener: RunListener) -> tuple[Dataset, list[str]]:
    """`dataset` with a validation split, made of training photos if there is none, and notes for the report.

    The notes say what is not read, and name classes without photos and photos that are there twice.
    """
    if VALIDATION not in dataset.splits:
        dataset = split_dataset(dataset)
    notes = [*dataset.notes]
    for split, counts in dataset.counts().items():
        few, many = min(counts.values()), max(counts.values())
        each = f"{few:,} each" if few == many else f"{few:,} to {many:,} each"
        photos, classes = counted(sum(counts.values()), "photo"), counted(len(counts), "class", "classes")
        listener.note(f"{split}: {photos} of {classes}, {each}")
        if without := [name for name, count in counts.items() if not count]:
            notes.append(f"The {split} split has no photo of {first_few(without)}.")
    notes += copy_notes(dataset)
    for note in notes:
        listener.note(note)
    return dataset, notes


def load_training_data(
    dataset: Dataset,
    stored_size: int,
    image_size: tuple[int, int],
    preset: Preset,
    folder: Path,
    listener: RunListener,
    workers: Workers,
) -> TrainingData:
    """Decodes the training photos to `stored_size` px and the validation set to `image_size`.

    The main process decodes into `folder` first; the others then read what it wrote. Raises `ArgumentError`
    if no validation photo can be read.
    """
    if not workers.is_main:
        workers.wait()
    photos, notes = training_photos(dataset, stored_size, folder, listener, DEFINITIONS[preset].fit)
    if workers.is_main:
        workers.wait()
    unreadable: list[str] = []
    validation = validation_photos(dataset.splits[VALIDATION], image_size, preset, unreadable)
    if unreadable:
        total = len(dataset.splits[VALIDATION])
        count = f"{len(unreadable)} of {total:,} validation photos cannot be read"
        notes.append(f"{count}: {first_few(unreadable)}")
        notes += lost_classes(dataset, VALIDATION, validation.classes.numpy())
    for note in notes:
        listener.note(note)
    return TrainingData(photos, validation, tuple(notes))


def training_photos(
    dataset: Dataset, size: int, folder: Path, listener: RunListener, fit: Fit = "squash"
) -> tuple[Photos, list[str]]:
    """The training photos as squares of `size` px by `fit`, and notes that name those left out.

    Small sets are decoded into memory; `folder` keeps the others, where an interrupted pass is resumed.
    """
    split = dataset.splits[TRAIN]
    pixels = decode_split(
        split,
        folder if len(split) * size * size * 3 > IN_MEMORY else None,
        size,
        fit,
        report=lambda done, total: listener.progress("decoding", done, total),
    )
    notes = []
    if pixels.corrupt:
        count = f"{len(pixels.corrupt)} of {len(split):,} training photos cannot be read"
        notes.append(f"{count}: {first_few(pixels.corrupt)}")
        notes += lost_classes(dataset, TRAIN, pixels.classes)
    return Photos(_tensor(pixels.images), _tensor(pixels.aspect), _tensor(pixels.classes)), notes


def lost_classes(dataset: Dataset, split: str, readable: NDArray[np.int64]) -> list[str]:
    """A note of the classes that have photos in `split`, but none among `readable`, the classes of such."""
    lost = np.setdiff1d(dataset.splits[split].classes, readable)
    names = [dataset.labels[index] for index in lost]
    return [f"No photo of {first_few(names)} in the {split} split can be read."] if names else []


def _tensor(array: NDArray[Any]) -> Tensor:
    if isinstance(array, np.memmap):  # read-only; a private mapping is what PyTorch takes without complaint
        assert array.filename is not None
        array = np.memmap(array.filename, array.dtype, "c", array.offset, array.shape)
    return torch.from_numpy(array)


def validation_photos(split: Split, size: tuple[int, int], preset: Preset, unreadable: list[str]) -> Photos:
    """The photos of `split` resized as for inference; appends `name: reason` to `unreadable`."""
    images, positions = [], []
    for batch, indices in prepared(
        split,
        size,
        preset,
        BATCH,
        on_error=lambda index, message: unreadable.append(f"{split.name(index)}: {message}"),
    ):
        images.append((batch * 255).round().astype(np.uint8))
        positions.append(indices)
    if not images:
        raise ArgumentError(f"No validation photo can be read: {first_few(unreadable)}.")
    classes = torch.from_numpy(split.classes[np.concatenate(positions)])
    return Photos(torch.from_numpy(np.concatenate(images)), torch.ones(len(classes)), classes)
