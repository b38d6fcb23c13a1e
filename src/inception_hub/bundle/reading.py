"""Reads a module directory into a `Bundle`."""

from collections.abc import Callable
from pathlib import Path

from .. import weights as weights_file
from ..architecture import Architecture
from ..engines import int8
from ..errors import ArgumentError, FormatError
from ..labels import Labels
from ..system.regular import read_text
from .card import without_metadata
from .contents import Bundle, Provenance
from .manifest import CARD, INT8, LABELS, REPORT, WEIGHTS, verify


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

    def stored(name: str, check: weights_file.Check) -> weights_file.LazyWeights:
        sha256 = manifest["files"][name]["sha256"]
        return weights_file.LazyWeights(directory / name, sha256, architecture, check)

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
        int8=stored(INT8, int8.check) if INT8 in manifest["files"] else None,
    )
