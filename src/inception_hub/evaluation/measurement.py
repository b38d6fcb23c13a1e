"""Evaluates a module on a split of labelled photos, prepared as `classify` prepares them."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from ..architecture import PREDICTIONS
from ..calibration import Calibration
from ..data import TEST, TRAIN, VALIDATION, Dataset, Split, prepared
from ..errors import ArgumentError, ImageError
from ..images import decode
from ..images.presets import Preset
from ..labels import Labels
from ..module import Module
from . import Comparison, Evaluation, Report, match_labels, render
from .coverage import SetMeasurement
from .held_out import NEEDED, outputs_of_batch
from .report import THUMBNAIL


def pick_split(dataset: Dataset, name: str | None) -> tuple[str, Split]:
    """The name and the split called `name`; None takes the test, else the validation, else the only split.

    Raises `ArgumentError` where there is none of that name.
    """
    order = [name] if name else [TEST, VALIDATION, TRAIN]
    for candidate in order:
        if candidate in dataset.splits:
            return candidate, dataset.splits[candidate]
    there = (
        "it is not split: leave --split out" if is_whole(dataset) else f"it has {', '.join(dataset.splits)}"
    )
    raise ArgumentError(f"{dataset.name} has no split {name!r}; {there}.")


def is_whole(dataset: Dataset) -> bool:
    """Whether the data is not split: all of it is called "train" then, and is not shown as that."""
    return list(dataset.splits) == [TRAIN]


def evaluate_split(
    module: Module,
    split: Split,
    labels: Labels,
    name: str,
    *,
    preset: Preset | None = None,
    on_error: Callable[[str], None] = lambda message: None,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> Evaluation:
    """The probabilities that `module` gives for every readable photo of `split`, with the true classes.

    `labels`: the classes' names in the data; `name`: of the data and its split. `preset` None is the module's
    own way to resize. `on_error` is called with a message for each photo that cannot be read, `on_progress`
    with the photos done and in all. Raises `ArgumentError` for a module without classes or without those of
    the data, or if no photo can be read.
    """
    if not module.architecture.num_classes:
        raise ArgumentError(
            f"{module.spec.bundle.name} is a feature vector module and has no classes to evaluate; "
            "give a module with a head."
        )
    indices = match_labels(module.labels, labels, module.spec.bundle.name)
    arrays = module.spec.bundle.calibration
    sets = None if arrays is None else SetMeasurement(Calibration.of(module.architecture, arrays))
    wanted = (PREDICTIONS,) if sets is None else (PREDICTIONS, *NEEDED)
    probabilities: dict[int, NDArray[np.float32]] = {}
    batches = prepared(
        split,
        module.image_size,
        preset or module.resize,
        on_error=lambda index, message: on_error(f"{split.name(index)}: {message}"),
    )
    for images, positions in batches:
        endpoints = module.endpoints(images, wanted)
        probabilities.update(zip(positions.tolist(), endpoints[PREDICTIONS], strict=True))
        if sets is not None:
            sets.add(outputs_of_batch(images, endpoints, indices[split.classes[positions]]))
        on_progress(len(probabilities), len(split))
    if not probabilities:
        raise ArgumentError(f"No photo of {name} can be read; give a data set of intact images.")
    kept = np.array(sorted(probabilities))
    return Evaluation(
        module=module.spec.bundle.name,
        data=name,
        labels=module.labels,
        classes=indices[split.classes[kept]],
        probabilities=np.stack([probabilities[index] for index in kept.tolist()]),
        names=[split.name(index) for index in kept.tolist()],
        sets=None if sets is None else sets.figures(),
    )


def pictures(evaluation: Evaluation, split: Split) -> Callable[[int], NDArray[np.uint8] | None]:
    """A function from an index into `evaluation` to a picture of that photo of `split`.

    The picture is uint8 [height, width, 3], of at most `THUMBNAIL` pixels a side; None of a photo that cannot
    be read any more: the figures, perhaps of a run of hours, are reported all the same.
    """
    positions = {split.name(index): index for index in range(len(split))}

    def picture(index: int) -> NDArray[np.uint8] | None:
        try:
            photo = split.encoded(positions[evaluation.names[index]])
            image = decode.picture(photo, least=THUMBNAIL)
        except ImageError:
            return None
        image.thumbnail((THUMBNAIL, THUMBNAIL))
        return np.asarray(image)

    return picture


def page(
    evaluations: Sequence[Evaluation],
    comparison: Comparison | None,
    split: Split,
    counts: Mapping[str, Mapping[str, int]],
    notes: Sequence[str],
) -> str:
    """The report, as HTML, of one evaluated module, or of two and their `comparison`.

    `split`: the evaluated photos; `counts`: photos by split and class; `notes`: what was not measured.
    """
    first = evaluations[0]
    return render(
        Report(
            title=f"{first.module} on {first.data}",
            facts={"module": first.module, "data": first.data, "photos": f"{len(first.classes):,}"},
            evaluation=first,
            picture=pictures(first, split),
            class_counts=counts,
            notes=notes,
            comparison=(evaluations[1], comparison) if comparison else None,
        )
    )
