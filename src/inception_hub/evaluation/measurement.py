"""A module's answers for a labelled data set, by the same way a photo takes in `classify`."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from ..data import Dataset, Split, prepared
from ..errors import ArgumentError
from ..images.decode import decode
from ..images.presets import Preset
from ..labels import Labels
from ..module import Module
from . import Comparison, Evaluation, Report, match_labels, render

BATCH_SIZE = 32
THUMBNAIL = 160  # px, longest side, of pictures in reports


def pick_split(dataset: Dataset, name: str | None) -> tuple[str, Split]:
    """The split called `name`; None takes the test, else the validation, else the only split."""
    order = [name] if name else ["test", "validation", "train"]
    for candidate in order:
        if candidate in dataset.splits:
            return candidate, dataset.splits[candidate]
    raise ArgumentError(f"{dataset.name} has no split {name!r}; it has {', '.join(dataset.splits)}.")


def evaluate(
    module: Module,
    split: Split,
    labels: Labels,
    name: str,
    *,
    preset: Preset | None = None,
    on_error: Callable[[str], None] = lambda message: None,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> Evaluation:
    """Answers for every readable photo of `split`, whose classes are called `labels`.

    `preset` None is the module's own way to resize. `on_error` hears of each photo that cannot be read.
    Raises `ArgumentError` for classes the module does not have, or if no photo can be read.
    """
    if not module.architecture.num_classes:
        raise ArgumentError(
            f"{module.spec.bundle.name} is a feature vector module and has no classes to evaluate; "
            "give a module with a head."
        )
    indices = match_labels(module.labels, labels)
    found: dict[int, NDArray[np.float32]] = {}
    batches = prepared(
        split,
        module.image_size,
        preset or module.spec.bundle.resize,
        BATCH_SIZE,
        on_error=lambda index, message: on_error(f"{split.name(index)}: {message}"),
    )
    for images, positions in batches:
        answers = module(images, signature="image_classification", as_dict=True)
        found.update(zip(positions.tolist(), answers["InceptionV2/Predictions"], strict=True))
        on_progress(len(found), len(split))
    if not found:
        raise ArgumentError(f"No photo of {name} can be read; give a data set of intact images.")
    kept = np.array(sorted(found))
    return Evaluation(
        module=module.spec.bundle.name,
        data=name,
        labels=module.labels,
        classes=indices[split.classes[kept]],
        probabilities=np.stack([found[index] for index in kept.tolist()]),
        names=[split.name(index) for index in kept.tolist()],
    )


def pictures(evaluation: Evaluation, split: Split) -> Callable[[int], NDArray[np.uint8]]:
    """A function from an index into `evaluation` to a small picture, uint8, of that photo of `split`."""
    positions = {split.name(index): index for index in range(len(split))}

    def picture(index: int) -> NDArray[np.uint8]:
        from PIL import Image

        image = Image.fromarray(decode(split.encoded(positions[evaluation.names[index]])))
        image.thumbnail((THUMBNAIL, THUMBNAIL))
        return np.asarray(image)

    return picture


def page(
    evaluations: Sequence[Evaluation],
    comparison: Comparison | None,
    split: Split,
    counts: Mapping[str, Mapping[str, int]],
    broken: Sequence[str],
) -> str:
    """The report of one evaluated module, or of two compared."""
    first = evaluations[0]
    return render(
        Report(
            title=f"{first.module} on {first.data}",
            facts={"module": first.module, "data": first.data, "photos": f"{len(first.classes):,}"},
            evaluation=first,
            picture=pictures(first, split),
            class_counts=counts,
            notes=[f"Left out: {message}" for message in broken],
            comparison=(evaluations[1], comparison) if comparison else None,
        )
    )
