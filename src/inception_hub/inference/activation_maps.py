"""Which parts of an image speak for a class: class activation maps (Zhou et al., 2016), here exact.

The network ends in a spatial mean and a linear layer, so the last map weighted by a class's weights needs no
gradients: its mean and the class's bias are the logit.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..architecture import LAST_MAP, LOGITS_LAYER
from ..errors import ArgumentError
from ..module import Module
from .predictions import check_finite, probabilities, top_k


@dataclass(frozen=True, eq=False)
class Explanation:
    """One class of one image: `label`, `index` in the module's own numbering, `probability` in [0, 1].

    `evidence`: float32 [height, width], a 32nd of the image's size, rounded up; what each place adds to the
    logit (what is negative speaks against the class). Its mean plus `bias` is the logit, but for float32's
    rounding, and for that of `bf16` and `int8`.
    """

    label: str
    index: int
    probability: float
    logit: float
    bias: float
    evidence: NDArray[np.float32]


def explain(
    module: Module, images: NDArray[np.float32], *, top: int = 5, classes: Sequence[str | int] | None = None
) -> list[list[Explanation]]:
    """For each of `images`, float32 [batch, height, width, 3] in [0, 1], its `top` most likely classes, best
    first; or `classes`, by label or index, as given.

    Any size will do, and a larger one gives finer maps: of the logits at that size. Raises `ArgumentError`
    for a module without classes or in training, `top` below 1 or a class it does not have, `InputError` for
    other images, `AnswerError` where numbers are not finite.
    """
    if not module.architecture.num_classes:
        raise ArgumentError(
            f"{module.spec.bundle.name} is a feature vector module and has no classes to explain; take one "
            "that has."
        )
    if module.tags:
        raise ArgumentError("explain needs the module as it answers; construct it without tags.")
    if top < 1:
        raise ArgumentError(f"top is {top}; give 1 or more.")
    chosen = None if classes is None else [index_of(module, each) for each in classes]
    outputs = module(images, signature="image_classification", as_dict=True)
    name, precision = module.spec.bundle.name, module.precision
    logits = check_finite(outputs["default"], name, precision)
    return [
        explanations(module, each, last_map, top_k(each, top) if chosen is None else chosen)
        for each, last_map in zip(logits, outputs[LAST_MAP], strict=True)
    ]


def explanations(
    module: Module, logits: NDArray[np.float32], last_map: NDArray[np.float32], classes: Sequence[int]
) -> list[Explanation]:
    """Of one image, by its logits [classes] and its `LAST_MAP` [height, width, features]."""
    biases = module.spec.bundle.weights[f"{LOGITS_LAYER}/biases"]
    found, maps = probabilities(logits), evidence(module, last_map, classes)
    return [
        Explanation(
            module.labels[index],
            index,
            float(found[index]),
            float(logits[index]),
            float(biases[index]),
            each,
        )
        for index, each in zip(classes, maps, strict=True)
    ]


def evidence(module: Module, last_map: NDArray[np.float32], classes: Sequence[int]) -> NDArray[np.float32]:
    """[classes, height, width]: an `Explanation`'s for each of `classes`."""
    kernel = module.spec.bundle.weights[f"{LOGITS_LAYER}/weights"][0, 0]
    return np.ascontiguousarray((last_map @ kernel[:, list(classes)]).transpose(2, 0, 1))


def index_of(module: Module, name: str | int) -> int:
    """The index of a class by its label, or by any kind of integer or its digits; raises `ArgumentError`."""
    found = [index for index, label in enumerate(module.labels) if label == name]
    if not found:
        found = [index for index in range(len(module.labels)) if str(index) == str(name)]
    if len(found) == 1:
        return found[0]
    if found:
        raise ArgumentError(f"{name!r} is the name of classes {found}; give one of these numbers.")
    raise ArgumentError(
        f"{module.spec.bundle.name} has no class {name!r}; give a label as labels.txt spells it, or "
        f"an index from 0 to {len(module.labels) - 1}."
    )
