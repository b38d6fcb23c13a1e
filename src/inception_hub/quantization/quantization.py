"""`quantize`: an int8 graph for a module, calibrated by NNCF on some photos and checked on others."""

import math
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from .. import bundle as bundles
from ..bundle import Bundle
from ..data import TEST, TRAIN, VALIDATION, Dataset, PhotoFiles, Split, open_dataset, prepared
from ..data.prepare import BATCH_SIZE, Batch
from ..engines.int8 import Int8
from ..errors import (
    ArgumentError,
    FormatError,
    HandleError,
    OutputError,
    QuantizationError,
)
from ..evaluation import match_labels
from ..images.find import Unread, find_images
from ..module import Module
from ..module_spec import ModuleSpec
from ..sources.resolve import resolve
from ..system.extras import missing
from ..system.home import at_home
from ..system.numbers import check_number
from ..system.outputs import held
from ..system.text import counted, first_few
from .rounding import round_first_layer

if TYPE_CHECKING:
    from ..engines.openvino_sensitivity import LayerCost

CALIBRATION = 300  # photos: as many as NNCF takes by default
EXPLAINED = 64  # photos that the layers are compared on
Progress = Callable[[str, int, int], None]  # what is done, photos done, photos in all


@dataclass(frozen=True)
class Check:
    """A comparison of the int8 graph with float32 on `images` photos it was not calibrated on.

    `agreement`: share of photos with the same most likely class, in [0, 1]. `f32`, `int8`: top-1 accuracy in
    [0, 1], None without labels of the module's classes. `notes`: what was not read, in sentences. `layers`:
    what rounding each layer alone changes, the largest first, where that was asked for.
    """

    images: int
    agreement: float
    f32: float | None = None
    int8: float | None = None
    notes: tuple[str, ...] = ()
    layers: "tuple[LayerCost, ...]" = ()

    def describe(self) -> str:
        """A clause for messages and cards."""
        agreement = f"{counted(self.images, 'photo')}, {self.agreement:.2%} answered as in f32"
        if self.f32 is None or self.int8 is None:
            return agreement
        return f"{agreement}, top-1 {self.int8:.2%} against {self.f32:.2%}"


def quantize(
    module: str | os.PathLike[str],
    calibrate: str | os.PathLike[str],
    *,
    max_drop: float = 0.5,
    min_agreement: float = 95.0,
    explain: bool = False,
    on_progress: Progress | None = None,
) -> Check:
    """Adds an int8 graph to the module directory `module`, unless its predictions differ too much.

    `module`: the directory, or a handle that leads to it. `calibrate`: a data set as `open_dataset` takes it,
    with the module's classes or others, or a folder of photos. With the module's classes, top-1 may fall by
    `max_drop` points; without, `min_agreement` percent of the photos must keep their most likely class.
    `explain`: also measure what rounding each layer alone changes in the predictions for 64 photos, which
    takes a minute. `on_progress` is called with what is done ("calibrating", "checking", "comparing
    layers"), the photos or layers done and all of them. Returns the comparison with float32.

    Raises `QuantizationError` when the predictions differ too much, `OutputError` if there is an int8 graph
    already or it cannot be written, `ArgumentError` for a module without classes or fewer than two photos,
    `MissingExtraError` without NNCF.
    """
    check_number("max_drop", max_drop, 0, math.inf)
    check_number("min_agreement", min_agreement, 0, 100)
    directory, photos = resolve(module), at_home(calibrate)
    with held(directory):
        return _quantize(directory, photos, max_drop, min_agreement, explain, on_progress or _silent)


def _silent(what: str, done: int, total: int) -> None:
    """Shows no progress."""


def _quantize(
    directory: Path, photos: str, max_drop: float, min_agreement: float, explain: bool, on_progress: Progress
) -> Check:
    bundle = bundles.read(directory)
    if bundle.int8 is not None:
        raise OutputError(
            f"{directory} has an int8 graph already, which is left as it is; use it with --precision int8, "
            "or quantize the module as it was before."
        )
    if not bundle.architecture.num_classes:
        raise ArgumentError(f"{bundle.name} has no classes to check an int8 graph by; quantize one that has.")
    calibration, checking, classes, notes = _photos(photos, bundle)
    unreadable: list[str] = []
    int8 = _calibrated(bundle, calibration, on_progress, unreadable)
    check = _check(bundle, int8, checking, classes, on_progress, unreadable)
    if unreadable:
        notes = (*notes, f"{counted(len(unreadable), 'photo')} cannot be read: {first_few(unreadable)}")
    layers = _layers(bundle, int8, checking, on_progress) if explain else ()
    check = replace(check, notes=notes, layers=layers)
    if check.f32 is not None and check.int8 is not None and 100 * (check.f32 - check.int8) > max_drop:
        raise QuantizationError(
            f"The int8 graph loses too much and is not kept ({check.describe()}; at most {max_drop:g} points "
            "may be lost); give other photos, or raise --max-drop."
        )
    if check.f32 is None and 100 * check.agreement < min_agreement:
        raise QuantizationError(
            f"The int8 graph answers too differently and is not kept ({check.describe()}; {min_agreement:g}% "
            "must be); give more photos like those it is for, or lower --min-agreement."
        )
    bundles.add_int8(directory, int8, _figures(photos, check))
    return check


def _figures(photos: str, check: Check) -> dict[str, object]:
    figures: dict[str, object] = {"data": Path(photos).name, "images": check.images, "precision": "int8"}
    if check.int8 is not None:
        figures["top1"] = check.int8
    return figures | {"agreement": check.agreement}


def _photos(photos: str, bundle: Bundle) -> tuple[Split, Split, NDArray[np.int64] | None, tuple[str, ...]]:
    """Photos to calibrate on, others to check on, the module's index of each class, what is not read.

    The indices are None where the classes are not the module's.
    """
    dataset, classes = _labelled(photos, bundle)
    train, *others = (dataset.splits[name] for name in (TRAIN, VALIDATION, TEST) if name in dataset.splits)
    count = min(CALIBRATION, len(train) if others else len(train) // 2)
    if not count:
        raise ArgumentError(f"{photos} has one photo; give two or more, best {2 * CALIBRATION} or more.")
    chosen = np.linspace(0, len(train) - 1, count).astype(np.int64)
    rest = others[0] if others else train.subset(np.setdiff1d(np.arange(len(train)), chosen))
    return train.subset(chosen), rest, classes, dataset.notes


def _labelled(photos: str, bundle: Bundle) -> tuple[Dataset, NDArray[np.int64] | None]:
    try:
        dataset = open_dataset(photos, to_train=False)
    except (HandleError, FormatError):  # no data set, but perhaps a folder of photos
        unread = Unread()
        paths = list(find_images([photos], unread))
        notes = (str(unread),) if unread else ()
        files = PhotoFiles(paths, Path(photos))
        split = Split(np.zeros(len(paths), np.int64), files, np.arange(len(paths)))
        return Dataset(Path(photos).name, bundle.labels, {TRAIN: split}, notes), None
    try:
        return dataset, match_labels(bundle.labels, dataset.labels)
    except ArgumentError:
        note = f"The classes of {photos} are not the module's, so top-1 is not compared."
        return replace(dataset, notes=(*dataset.notes, note)), None


def _calibrated(bundle: Bundle, photos: Split, on_progress: Progress, unreadable: list[str]) -> Int8:
    """Appends `name: reason` of photos that cannot be read to `unreadable`."""
    try:
        from ..engines.openvino_calibration import calibrate
    except ImportError as error:
        raise missing(f"Quantizing needs {error.name}", "quantize") from error

    def images() -> Iterator[NDArray[np.float32]]:
        done = 0
        for batch, _ in _prepared(photos, bundle, 1, unreadable):
            done += 1
            on_progress("calibrating", done, len(photos))
            yield batch

    given = list(images())
    if not given:
        raise _none_readable(unreadable)
    int8 = calibrate(bundle.architecture, bundle.weights, given)
    return round_first_layer(bundle.architecture, bundle.weights, int8, given)


def _prepared(photos: Split, bundle: Bundle, batch_size: int, unreadable: list[str]) -> Iterator[Batch]:
    return prepared(
        photos,
        bundle.image_size,
        bundle.resize,
        batch_size,
        on_error=lambda index, message: unreadable.append(f"{photos.name(index)}: {message}"),
    )


def _none_readable(unreadable: list[str]) -> ArgumentError:
    return ArgumentError(f"None of the photos can be read ({first_few(unreadable)}); give intact ones.")


def _check(
    bundle: Bundle,
    int8: Int8,
    photos: Split,
    classes: NDArray[np.int64] | None,
    on_progress: Progress,
    unreadable: list[str],
) -> Check:
    modules = {
        "f32": Module(ModuleSpec(bundle)),
        "int8": Module(ModuleSpec(replace(bundle, int8=int8)), precision="int8"),
    }
    batches: dict[str, list[NDArray[np.int64]]] = {"f32": [], "int8": []}
    positions: list[NDArray[np.int64]] = []
    for images, indices in _prepared(photos, bundle, BATCH_SIZE, unreadable):
        positions.append(indices)
        for precision, module in modules.items():
            batches[precision].append(module(images).argmax(1))
        on_progress("checking", int(indices[-1]) + 1, len(photos))
    if not positions:
        raise _none_readable(unreadable)
    predicted = {precision: np.concatenate(parts) for precision, parts in batches.items()}
    agreement = float((predicted["f32"] == predicted["int8"]).mean())
    if classes is None:
        return Check(len(predicted["f32"]), agreement)
    truth = classes[photos.classes[np.concatenate(positions)]]
    top1 = {precision: float((labels == truth).mean()) for precision, labels in predicted.items()}
    return Check(len(truth), agreement, top1["f32"], top1["int8"])


def _layers(bundle: Bundle, int8: Int8, photos: Split, on_progress: Progress) -> "tuple[LayerCost, ...]":
    """What rounding each layer changes for some of `photos`, those that can be read."""
    from ..engines.openvino_sensitivity import layer_costs

    chosen = np.linspace(0, len(photos) - 1, min(EXPLAINED, len(photos))).astype(np.int64)
    batches = _prepared(photos.subset(chosen), bundle, BATCH_SIZE, [])
    images = np.concatenate([images for images, _ in batches])
    return layer_costs(
        bundle.architecture, bundle.weights, int8, images, partial(on_progress, "comparing layers")
    )
