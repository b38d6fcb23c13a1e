"""Files of other formats on local disk -> a `Bundle`; `formats/table.py` lists the formats."""

import warnings
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..architecture import Architecture
from ..bundle import DEFAULT_IMAGE_SIZE, Bundle, Provenance
from ..errors import WeightsError
from ..formats.exported import Exported
from ..formats.table import reader
from ..labels import Labels, imagenet
from ..weights import check, infer_architecture
from .choices import Weights
from .mistaken import refuse_mistaken


def convert_files(
    source: Path, depth_multiplier: float | None = None, weights: Weights | None = None
) -> Bundle:
    """Reads `source` and checks every variable against the architecture inferred from their shapes.

    `depth_multiplier` stands in no TensorFlow file; None infers it. `weights`: `raw` or the `average` over
    the steps of training, where a checkpoint has both; None is raw. A warning says what was left out and
    which of the two was taken. Raises `HandleError` for a missing path, `FormatError` for a damaged file,
    `WeightsError` for variables that are not Inception V2's or for averages that are not there.
    """
    refuse_mistaken(source, repr(str(source)))
    exported = reader(source).read(source)
    variables, note = _chosen(exported, weights)
    if note:
        warnings.warn(f"{source.name}: {note}", stacklevel=2)
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


def _chosen(exported: Exported, weights: Weights | None) -> tuple[Mapping[str, NDArray[np.generic]], str]:
    """The variables to take, and a sentence on what was chosen and left out; empty where nothing was."""
    notes = [exported.left_out] if exported.left_out else []
    if weights == "average":
        if not exported.averages:
            raise WeightsError("The file holds no moving averages; give weights raw, or leave it out.")
        notes.append(f"Moving averages are taken of {len(exported.averages)} variables.")
        return {**exported.weights, **exported.averages}, " ".join(notes)
    if exported.averages:
        notes.append(
            "The weights are taken as training left them; convert with --weights average takes the moving "
            f"averages, which are there for {len(exported.averages)} variables."
        )
    return exported.weights, " ".join(notes)


def _labels(num_classes: int) -> Labels:
    """ImageNet's names where the count says so; a checkpoint carries none of its own."""
    if num_classes == 1001:
        return imagenet()
    if num_classes == 1000:
        return imagenet().without_background()
    return Labels(tuple(f"class_{i}" for i in range(num_classes)), (None,) * num_classes)
