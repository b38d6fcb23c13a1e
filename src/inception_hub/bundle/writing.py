"""Writes a `Bundle` as a module directory, and adds an int8 graph or a calibration to one."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import calibration
from .. import weights as weights_file
from ..engines import int8
from ..engines.int8 import Int8
from ..errors import InceptionHubError, OutputError
from ..system.atomic import atomic_directory, atomic_file, make_folders
from ..system.outputs import refuse_existing
from .card import config, with_metadata
from .contents import Bundle
from .manifest import (
    CALIBRATION,
    CARD,
    CONFIG,
    FORMAT,
    FORMAT_VERSION,
    INT8,
    LABELS,
    MANIFEST,
    REPORT,
    WEIGHTS,
    WEIGHTS_SHA256,
    describe_file,
    one_line,
    read_manifest,
    to_json,
)


def write(bundle: Bundle, directory: Path, dtype: type[np.floating] = np.float32) -> None:
    """Writes a complete module directory, which must not exist yet; `dtype` is that of the stored weights.

    Raises `OutputError` if `directory` exists or cannot be written; then nothing is left behind.
    """
    refuse_existing(directory)
    try:
        make_folders(directory.parent)
        with atomic_directory(directory) as temporary:
            _write_files(bundle, temporary, dtype)
    except OSError as error:
        if isinstance(error, InceptionHubError):
            raise
        raise OutputError(
            f"The module cannot be written to {directory}: {error.strerror or error}."
        ) from error


def _write_files(bundle: Bundle, directory: Path, dtype: type[np.floating]) -> None:
    weights = weights_file.check(bundle.architecture, bundle.weights)
    weights_file.save(directory / WEIGHTS, weights, dtype)
    (directory / LABELS).write_bytes(bundle.labels.to_text().encode())
    card = with_metadata(
        bundle.card,
        bundle.name,
        bundle.provenance.licence,
        bundle.architecture.num_classes,
        bundle.accuracy,
    )
    (directory / CARD).write_bytes(card.encode())
    (directory / CONFIG).write_bytes(config(bundle.labels).encode())
    if bundle.report:
        (directory / REPORT).write_bytes(bundle.report.encode())
    if bundle.int8 is not None:
        weights_file.write(directory / INT8, int8.check(bundle.architecture, bundle.int8))
    if bundle.calibration is not None:
        checked = calibration.check(bundle.architecture, bundle.calibration)
        signed = _signed(checked, str(describe_file(directory / WEIGHTS)["sha256"]))
        weights_file.write(directory / CALIBRATION, signed)
    files = {path.name: describe_file(path) for path in sorted(directory.iterdir())}
    (directory / MANIFEST).write_bytes(to_json(_manifest(bundle, files)).encode())


def _manifest(bundle: Bundle, files: Mapping[str, Any]) -> dict[str, Any]:
    ids = bundle.labels.wordnet_ids
    return {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "name": one_line(bundle.name),
        "architecture": {"name": "inception_v2", **asdict(bundle.architecture)},
        "image_size": list(bundle.image_size),
        "preprocessing": {"resize": bundle.resize, "range": [0, 1], "channels": "RGB"},
        "wordnet_ids": list(ids) if any(ids) else None,
        "provenance": {
            "source": one_line(bundle.provenance.source),
            "licence": one_line(bundle.provenance.licence),
            "source_sha256": bundle.provenance.source_sha256,
        },
        "accuracy": [dict(figures) for figures in bundle.accuracy],
        "files": files,
    }


def add_int8(directory: Path, arrays: Int8, figures: Mapping[str, Any]) -> None:
    """Adds the int8 graph `arrays` to a module directory, and `figures` to its accuracy: see `_add`."""
    manifest = read_manifest(directory)
    manifest["accuracy"].append(dict(figures))
    _add(directory, manifest, INT8, arrays, "int8 graph", "quantize")


def add_calibration(directory: Path, arrays: calibration.Arrays) -> None:
    """Adds the calibration `arrays` to a module directory, in place of an earlier one: see `_add`."""
    manifest = read_manifest(directory)
    signed = _signed(arrays, manifest["files"][WEIGHTS]["sha256"])
    _add(directory, manifest, CALIBRATION, signed, "calibration", "calibrate")


def _add(
    directory: Path, manifest: dict[str, Any], name: str, arrays: calibration.Arrays, what: str, verb: str
) -> None:
    """Writes `arrays` as the file `name` and then `manifest`, which is to name it, into a module directory.

    `module.json` is replaced last, and where it names another such file already, by one without first: cut
    off at any moment, the module can be read. Raises `OutputError` if something cannot be written; then the
    module is as it was, or without its former file.
    """
    former = manifest["files"].pop(name, None)
    try:
        with atomic_file(directory / name) as temporary:
            weights_file.write(temporary, arrays)
            entry = describe_file(temporary)
            if former not in (None, entry):
                before = read_manifest(directory)
                del before["files"][name]
                _replace_manifest(directory, before)
        manifest["files"][name] = entry
        _replace_manifest(directory, manifest)
    except OSError as error:
        raise OutputError(
            f"The {what} cannot be written to {directory} ({error.strerror or error}); the rest of the "
            f"module is as it was: copy it with inception-hub convert to where you may write, and {verb} "
            "the copy."
        ) from error


def _signed(arrays: calibration.Arrays, weights_sha256: str) -> dict[str, NDArray[Any]]:
    """`arrays`, and beside them which weights they are of."""
    return {**arrays, WEIGHTS_SHA256: np.frombuffer(bytes.fromhex(weights_sha256), np.uint8)}


def _replace_manifest(directory: Path, manifest: Mapping[str, Any]) -> None:
    with atomic_file(directory / MANIFEST) as temporary:
        temporary.write_bytes(to_json(manifest).encode())
