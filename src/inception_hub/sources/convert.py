"""Files of other formats on local disk -> a `Bundle`; `formats/table.py` lists the formats."""

from pathlib import Path

from ..architecture import Architecture
from ..bundle import DEFAULT_IMAGE_SIZE, Bundle, Provenance
from ..formats.table import reader
from ..labels import Labels, imagenet
from ..weights import check, infer_architecture

# What Slim's training loop and TensorFlow 2's `Checkpoint` add beside the network's own variables; everything
# else must fit the table.
BY_PRODUCTS = {"global_step", "save_counter"}


def convert_files(source: Path, depth_multiplier: float | None = None) -> Bundle:
    """Reads `source` and checks every variable against the architecture inferred from their shapes.

    `depth_multiplier` stands in no TensorFlow file; None infers it. Raises `HandleError` for a missing
    path, `FormatError` for a damaged file, `WeightsError` for variables that are not Inception V2's.
    """
    exported = reader(source).read(source)
    variables = {name: array for name, array in exported.weights.items() if name not in BY_PRODUCTS}
    architecture = infer_architecture({name: array.shape for name, array in variables.items()})
    if depth_multiplier is not None:
        architecture = Architecture(depth_multiplier, architecture.num_classes)
    labels = exported.labels
    if labels is None or len(labels) != architecture.num_classes:
        labels = _labels(architecture.num_classes)
    return Bundle(
        name=source.name,
        architecture=architecture,
        weights=check(architecture, variables),
        labels=labels,
        provenance=Provenance(source=source.name),
        image_size=exported.image_size or DEFAULT_IMAGE_SIZE,
        resize=exported.resize or "default",
    )


def _labels(num_classes: int) -> Labels:
    """ImageNet's names where the count says so; a checkpoint carries none of its own."""
    if num_classes == 1001:
        return imagenet()
    if num_classes == 1000:
        return imagenet().without_background()
    return Labels(tuple(f"class_{i}" for i in range(num_classes)), (None,) * num_classes)
