"""Facts about a module directory, for `inception-hub info`; loads no engine and no weights."""

from pathlib import Path
from typing import Any

from ..architecture import Architecture
from ..labels import TOP
from ..signatures import signatures
from ..system.regular import read_text
from .manifest import LABELS, verify


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
    }


def _figures(measured: dict[str, Any], classes: int) -> dict[str, Any]:
    """One measurement, without a top-5 that says nothing."""
    return {name: value for name, value in measured.items() if name != "top5" or classes > TOP}
