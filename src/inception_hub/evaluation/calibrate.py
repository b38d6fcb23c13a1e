"""`calibrate`: measures a module on labelled photos, so that it knows how sure it is and what is unknown."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .. import bundle as bundles
from ..calibration import Calibration, photos_needed
from ..data import TEST, TRAIN, VALIDATION, Dataset, Split, open_dataset
from ..errors import ArgumentError, OutputError
from ..module import Module
from ..module_spec import ModuleSpec
from ..sources.resolve import resolve
from ..system.home import at_home
from ..system.outputs import held
from ..system.text import counted, first_few
from .held_out import calibration_of, halves
from .measurement import pick_split

FEWEST = photos_needed(0.8)  # held-out photos, below which nothing worth asking for can be had


@dataclass(frozen=True)
class CalibrationResult:
    """What a module was calibrated on: `held_out` photos, and features of photos of the split `learned`.

    `temperature`: what its logits are divided by. `most`: the highest coverage that so many photos are enough
    for, in [0, 1). `unreadable`: `name: reason` of each photo that was left out. `notes`: what else stands
    out, in sentences.
    """

    held_out: int
    learned: str
    temperature: float
    most: float
    unreadable: tuple[str, ...]
    notes: tuple[str, ...]


def calibrate(
    module: str | os.PathLike[str],
    data: str | os.PathLike[str],
    *,
    split: str | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> CalibrationResult:
    """Calibrates the module directory `module` on the labelled photos of `data` (see `open_dataset`).

    What is measured is written into the directory, in place of an earlier calibration. Held-out photos, which
    the module was not trained on, tell how often it is wrong: those of the validation split, else of the test
    split, or of `split`. Class means of features are taken from the training split. Where there is no
    training split beside it, half of the photos make the means and the others are held out. `on_progress` is
    called with the photos done and in all.

    Raises `ArgumentError` for a `module` that is no directory of your own, has no classes or not those of the
    data, for a split that the data does not have, and for fewer than four photos; `OutputError` where the
    directory cannot be written; and what `open_dataset` raises.
    """
    directory = _own_directory(module)
    with held(directory):
        bundle = bundles.read(directory)
        if not bundle.architecture.num_classes:
            raise ArgumentError(f"{bundle.name} has no classes to be sure of; calibrate a module that has.")
        given = at_home(data)
        dataset = open_dataset(given if isinstance(data, str) else Path(given), to_train=False)
        name, learned, held_out = splits_of(dataset, split)
        _check_count(dataset, held_out)
        unreadable: list[str] = []
        calibration = calibration_of(
            Module(ModuleSpec(bundle)),
            dataset,
            learned,
            held_out,
            unreadable,
            on_progress or (lambda done, total: None),
        )
        bundles.add_calibration(directory, calibration.arrays())
    notes = [*dataset.notes, *without_photos(calibration, bundle.labels.names)]
    if TRAIN not in dataset.splits or len(dataset.splits) == 1:
        notes.append(
            "Photos that the module was trained on would make it seem surer than it is: give others."
        )
    count = len(calibration.scores)
    return CalibrationResult(
        count, name, calibration.temperature, count / (count + 1), tuple(unreadable), tuple(notes)
    )


def splits_of(dataset: Dataset, split: str | None) -> tuple[str, Split, Split]:
    """What class means are made of, in words and as a split, and the photos that are held out.

    Raises `ArgumentError` for a `split` that the data does not have.
    """
    order = [VALIDATION, TEST, TRAIN]
    name, photos = pick_split(dataset, split or next(each for each in order if each in dataset.splits))
    if name != TRAIN and TRAIN in dataset.splits:
        return "training photos", dataset.splits[TRAIN], photos
    return "half of the photos", *halves(photos)


def without_photos(calibration: Calibration, labels: tuple[str, ...]) -> list[str]:
    """A note of the classes without a held-out photo: nothing is known of these."""
    missing = np.setdiff1d(np.arange(len(labels)), calibration.classes)
    if not len(missing):
        return []
    names = first_few([labels[index] for index in missing])
    return [f"No held-out photo is of these classes, so how often sets hold them is not known: {names}"]


def _own_directory(module: str | os.PathLike[str]) -> Path:
    """The module directory that `module` names itself; others are shared or come back as they were."""
    directory = resolve(module)
    if not os.path.isdir(at_home(module)) or not os.path.samefile(at_home(module), directory):
        raise ArgumentError(
            f"{os.fspath(module)} is no directory of yours; copy it with inception-hub convert "
            f"{os.fspath(module)} DIRECTORY, and calibrate that."
        )
    if not os.access(directory, os.W_OK):
        raise OutputError(f"{directory} cannot be written to; calibrate a copy of it.")
    return directory


def _check_count(dataset: Dataset, held_out: Split) -> None:
    """Raises `ArgumentError` for too few photos, before any is computed."""
    if len(held_out) < FEWEST:
        raise ArgumentError(
            f"{dataset.name} has {counted(len(held_out), 'photo')} to hold out and a coverage of 0.8 needs "
            f"{FEWEST}; give more, best {photos_needed(0.99)} or more."
        )
