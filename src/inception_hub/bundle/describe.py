"""Facts about a module, for `inception-hub info` and for pages; loads no engine and no weights."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..architecture import Architecture
from ..labels import TOP
from ..signatures import signatures
from ..system.regular import read_text
from .contents import Bundle
from .manifest import CALIBRATION, LABELS, verify

EXAMPLE = {"orange", "lemon"}  # labels of what the pages' example shows


def describe(directory: Path) -> dict[str, Any]:
    """Facts about the module in `directory`, as JSON-ready data, after every file is verified.

    Raises `FormatError` for a damaged directory.
    """
    manifest = verify(directory)
    fields = manifest["architecture"]
    architecture = Architecture(float(fields["depth_multiplier"]), fields["num_classes"])
    height, width = manifest["image_size"]
    names = read_text(directory / LABELS).splitlines()
    return {
        "name": manifest["name"],
        "path": str(directory),
        "architecture": f"Inception V2, depth_multiplier {architecture.depth_multiplier:g}",
        "image_size": [height, width],
        "resize": manifest["preprocessing"]["resize"],
        "classes": architecture.num_classes,
        "labels": names,
        "features": architecture.num_features,
        "variables": len(architecture.variables),
        "parameters": architecture.num_parameters(),
        "gigamacs": round(architecture.macs(height, width) / 1e9, 3),
        "bytes": sum(file["size"] for file in manifest["files"].values()),
        "signatures": list(signatures(architecture)),
        "provenance": {key: value for key, value in manifest["provenance"].items() if value is not None},
        "accuracy": [_figures(each, architecture.num_classes) for each in manifest["accuracy"]],
        "calibrated": CALIBRATION in manifest["files"],
    }


def _figures(measured: dict[str, Any], classes: int) -> dict[str, Any]:
    """One measurement, without a top-5 that says nothing."""
    return {name: value for name, value in measured.items() if name != "top5" or classes > TOP}


def page_facts(bundle: Bundle) -> dict[str, Any]:
    """What a page for people says of a module, as JSON-ready data."""
    return {
        "name": bundle.name,
        "classes": bundle.architecture.num_classes,
        "image_size": list(bundle.image_size),
        "parameters": bundle.architecture.num_parameters(),
        "licence": bundle.provenance.licence,
        "source": bundle.provenance.source,
        "accuracy": [_in_json(figures) for figures in bundle.accuracy],
        "calibrated": bundle.calibration is not None,
        "card": bundle.card,
        "knows_example": bool(EXAMPLE.intersection(bundle.labels)),
    }


def _in_json(figures: Mapping[str, Any]) -> dict[str, Any]:
    """The texts and numbers of `figures`, null for what is not finite, such as 1e400: JSON cannot hold it."""
    return {
        name: None if isinstance(value, float) and not math.isfinite(value) else value
        for name, value in figures.items()
        if isinstance(value, str | int | float | None)
    }
