"""Which parts of an image add to a class's logit: class activation maps (Zhou et al., 2016), here exact.

The network ends in a spatial mean and a linear layer, so the last feature map weighted by a class's weights
needs no gradients: its mean plus the class's bias is the logit.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..architecture import FEATURE_MAP, LOGITS, LOGITS_LAYER
from ..engines import EngineName, PrecisionChoice
from ..errors import ArgumentError
from ..images.given import as_many, named_photos
from ..images.loading import load_image
from ..images.photo_file import MAX_PIXELS
from ..images.presets import Preset, check_size, checked_preset
from ..module import Module, ModuleLike, as_module
from ..system.numbers import check_count
from .options import EXPLAINED
from .predictions import check_finite, probabilities, top_k

if TYPE_CHECKING:
    from ..images.given import One


@dataclass(frozen=True, eq=False)
class Explanation:
    """One class of one image: `label`, `index` in the module's own numbering, `probability` in [0, 1].

    `activation_map`: float32 [height, width], a 32nd of the image's size, rounded up; what each place adds to
    the logit, below 0 where it lowers it. Its mean plus `bias` is the logit, but for float32's rounding, and
    for that of `bf16` and `int8`.
    """

    label: str
    index: int
    probability: float
    logit: float
    bias: float
    activation_map: NDArray[np.float32]


def explain(
    module: ModuleLike | None,
    images: "One | Iterable[One] | NDArray[np.floating]",
    *,
    top: int = EXPLAINED,
    classes: str | int | Sequence[str | int] | None = None,
    size: tuple[int, int] | None = None,
    resize: Preset | None = None,
    max_pixels: int = MAX_PIXELS,
    engine: EngineName | None = None,
    precision: PrecisionChoice = "f32",
    device: str | None = None,
) -> list[list[Explanation]]:
    """Activation maps of each of `images`: one photo or several of any kind, as `classify` takes them.

    For each photo a list of its `top` most likely classes, best first; or of `classes`, by label or index, in
    their order. `size`: (height, width) in pixels to compute at, the module's by default; a larger one gives
    finer maps: of the logits at that size. `images` may also be floats [batch, height, width, 3] or
    [height, width, 3] in [0, 1], which are taken as they are. The other arguments: as of `classify`.

    Raises `ArgumentError` for a module without classes or in training, `top` below 1 or a class it does not
    have, `ImageError` for a photo that cannot be read, `AnswerError` where numbers are not finite.
    """
    module = as_module(module, engine=engine, precision=precision, device=device)
    if not module.architecture.num_classes:
        raise ArgumentError(
            f"{module.spec.bundle.name} is a feature vector module and has no classes to explain; take one "
            "that has."
        )
    if module.tags:
        raise ArgumentError("explain needs the module as it is for inference; construct it without tags.")
    check_count("top", top)
    chosen = None if classes is None else [index_of(module, name) for name in as_many(classes)]
    if isinstance(images, np.ndarray) and images.dtype.kind == "f":
        return _explain_batch(module, images[None] if images.ndim == 3 else images, top, chosen)
    size = module.image_size if size is None else check_size("size", size)
    preset = checked_preset(resize) or module.resize
    photos = (load_image(photo, size, preset, max_pixels=max_pixels) for _, photo in named_photos(images))
    return [each for photo in photos for each in _explain_batch(module, photo[None], top, chosen)]


def _explain_batch(
    module: Module, images: NDArray[Any], top: int, chosen: Sequence[int] | None
) -> list[list[Explanation]]:
    endpoints = module.endpoints(images, (LOGITS, FEATURE_MAP))
    name, precision = module.spec.bundle.name, module.precision
    logits = check_finite(endpoints[LOGITS], name, precision)
    return [
        explanations(module, values, feature_map, top_k(values, top) if chosen is None else chosen)
        for values, feature_map in zip(logits, endpoints[FEATURE_MAP], strict=True)
    ]


def explanations(
    module: Module, logits: NDArray[np.float32], feature_map: NDArray[np.float32], classes: Sequence[int]
) -> list[Explanation]:
    """Of one image, by its logits [classes] and `feature_map` [height, width, features]."""
    biases = module.spec.bundle.weights[f"{LOGITS_LAYER}/biases"]
    values, maps = probabilities(logits), activation_maps(module, feature_map, classes)
    return [
        Explanation(
            module.labels[index],
            index,
            float(values[index]),
            float(logits[index]),
            float(biases[index]),
            each,
        )
        for index, each in zip(classes, maps, strict=True)
    ]


def activation_maps(
    module: Module, feature_map: NDArray[np.float32], classes: Sequence[int]
) -> NDArray[np.float32]:
    """float32 [classes, height, width]: an `Explanation`'s map for each of `classes`.

    `feature_map`: float32 [height, width, features], the endpoint `FEATURE_MAP` of one image.
    """
    kernel = module.spec.bundle.weights[f"{LOGITS_LAYER}/weights"][0, 0]
    return np.ascontiguousarray((feature_map @ kernel[:, list(classes)]).transpose(2, 0, 1))


def index_of(module: Module, name: str | int) -> int:
    """The index of a class by its label, or by any kind of integer or its digits; raises `ArgumentError`."""
    indices = [index for index, label in enumerate(module.labels) if label == name]
    if not indices:
        indices = [index for index in range(len(module.labels)) if str(index) == str(name)]
    if len(indices) == 1:
        return indices[0]
    if indices:
        raise ArgumentError(f"{name!r} is the name of classes {indices}; give one of these numbers.")
    raise ArgumentError(
        f"{module.spec.bundle.name} has no class {name!r}; give a label as labels.txt spells it, or "
        f"an index from 0 to {len(module.labels) - 1}."
    )
