"""Reads a module directory into a `Bundle`."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from .. import calibration
from .. import weights as weights_file
from ..architecture import Architecture
from ..engines import int8
from ..errors import ArgumentError, FormatError, WeightsError
from ..labels import Labels
from ..system.regular import read_text
from .card import without_metadata
from .contents import Bundle, Provenance
from .manifest import CALIBRATION, CARD, INT8, LABELS, REPORT, WEIGHTS, WEIGHTS_SHA256, verify


def read(directory: Path, known: Callable[[str], bool] = lambda identity: False) -> Bundle:
    """Reads a module directory, every file verified and every weight checked against the architecture.

    Weights whose `identity` is `known` to have been checked before are read when first asked for. Raises
    `FormatError` for a damaged directory, `WeightsError` for weights that do not fit.
    """
    manifest = verify(directory)
    fields = manifest["architecture"]
    try:
        architecture = Architecture(float(fields["depth_multiplier"]), fields["num_classes"])
        text, card, report = (
            read_text(directory / name) if name in manifest["files"] else ""
            for name in (LABELS, CARD, REPORT)
        )
    except (ArgumentError, UnicodeDecodeError) as error:
        raise FormatError(f"{directory} is not a readable module ({error}); pull it again.") from error
    labels = Labels.from_text(text, manifest["wordnet_ids"])
    if len(labels) != architecture.num_classes:
        raise FormatError(
            f"{directory / LABELS} holds {len(labels)} names for {architecture.num_classes} classes; "
            "give one name a line."
        )
    height, width = manifest["image_size"]

    files = manifest["files"]

    def stored(name: str, check: weights_file.Check) -> weights_file.LazyWeights:
        return weights_file.LazyWeights(directory / name, files[name]["sha256"], architecture, check)

    of = files[WEIGHTS]["sha256"]
    weights = stored(WEIGHTS, weights_file.check)
    if not known(weights.identity):
        _ = weights.arrays
    return Bundle(
        name=manifest["name"],
        architecture=architecture,
        weights=weights,
        labels=labels,
        provenance=Provenance(**manifest["provenance"]),
        image_size=(height, width),
        resize=manifest["preprocessing"]["resize"],
        accuracy=tuple(manifest["accuracy"]),
        card=without_metadata(card),
        report=report,
        int8=stored(INT8, int8.check) if INT8 in files else None,
        calibration=stored(CALIBRATION, partial(_check_calibration, of)) if CALIBRATION in files else None,
    )


def _check_calibration(
    weights_sha256: str, architecture: Architecture, arrays: Mapping[str, NDArray[Any]]
) -> dict[str, NDArray[Any]]:
    """`arrays` but the one that says which weights they are of; raises `WeightsError` if of others."""
    others = dict(arrays)
    of = others.pop(WEIGHTS_SHA256, None)
    if of is None or of.tobytes().hex() != weights_sha256:
        raise WeightsError(
            f"{CALIBRATION} was made for other weights than those beside it; calibrate the module anew."
        )
    return calibration.check(architecture, others)
