"""Foreign files on local disk -> a `Bundle`: TensorFlow's, the original's, and exports of our own."""

from pathlib import Path

from .. import labels
from ..architecture import Architecture
from ..bundle import DEFAULT_IMAGE_SIZE, Bundle, Provenance
from ..formats._reading import find_reader
from ..formats.exported import Exported
from ..formats.tensorflow.checkpoint import read_checkpoint
from ..formats.tensorflow.hub_module import VARIABLES, is_hub_module, is_saved_model, read_hub_module
from ..labels import Labels
from ..weights import check, infer_architecture

# What Slim's training loop and TensorFlow 2's `Checkpoint` add beside the network's own variables; everything
# else must fit the table.
BY_PRODUCTS = {"global_step", "save_counter"}


def convert(source: Path, depth_multiplier: float | None = None) -> Bundle:
    """Reads `source` and checks every variable against the architecture inferred from their shapes.

    `depth_multiplier` stands in no TensorFlow file; None infers it. Raises `HandleError` for a missing
    path, `FormatError` for a damaged file, `WeightsError` for variables that are not Inception V2's.
    """
    image_size = DEFAULT_IMAGE_SIZE
    exported = Exported({}, {})
    if reader := find_reader(source):
        exported = reader(source)
        image_size = exported.image_size() or image_size
        variables = dict(exported.weights)
    elif is_hub_module(source):
        hub_module = read_hub_module(source)
        image_size = hub_module.image_size or image_size
        variables = hub_module.variables()
    elif is_saved_model(source):
        variables = read_checkpoint(source / f"{VARIABLES}.index")
    else:
        variables = read_checkpoint(source)
    variables = {name: array for name, array in variables.items() if name not in BY_PRODUCTS}
    architecture = infer_architecture({name: array.shape for name, array in variables.items()})
    if depth_multiplier is not None:
        architecture = Architecture(depth_multiplier, architecture.num_classes)
    return Bundle(
        name=source.name,
        architecture=architecture,
        weights=check(architecture, variables),
        labels=exported.labels(architecture.num_classes) or _labels(architecture.num_classes),
        provenance=Provenance(source=source.name),
        image_size=image_size,
        resize=exported.resize() or "default",
    )


def _labels(num_classes: int) -> Labels:
    """ImageNet's names where the count says so; a checkpoint carries none of its own."""
    if num_classes == 1001:
        return labels.imagenet()
    if num_classes == 1000:
        return labels.imagenet().without_background()
    return Labels(tuple(f"class_{i}" for i in range(num_classes)), (None,) * num_classes)
