"""Writes a `Bundle` as a module directory, and adds an int8 graph to one."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from .. import weights as weights_file
from ..engines import int8
from ..engines.int8 import Int8
from ..errors import InceptionHubError, OutputError
from ..system.atomic import atomic_directory, atomic_file, make_folders
from ..system.outputs import refuse_existing
from .card import config, with_metadata
from .contents import Bundle
from .manifest import (
    CARD,
    CONFIG,
    FORMAT,
    FORMAT_VERSION,
    INT8,
    LABELS,
    MANIFEST,
    REPORT,
    WEIGHTS,
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
    (directory / LABELS).write_text(bundle.labels.to_text(), "utf-8")
    card = with_metadata(
        bundle.card,
        bundle.name,
        bundle.provenance.licence,
        bundle.architecture.num_classes,
        bundle.accuracy,
    )
    (directory / CARD).write_text(card, "utf-8")
    (directory / CONFIG).write_text(config(bundle.labels), "utf-8")
    if bundle.report:
        (directory / REPORT).write_text(bundle.report, "utf-8")
    if bundle.int8 is not None:
        weights_file.write(directory / INT8, int8.check(bundle.architecture, bundle.int8))
    files = {path.name: describe_file(path) for path in sorted(directory.iterdir())}
    (directory / MANIFEST).write_text(to_json(_manifest(bundle, files)), "utf-8")


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
    """Adds the int8 graph `arrays` to a module directory, and `figures` to its measured accuracy.

    `module.json` is replaced last, and where it names another int8 graph already, by one without first: cut
    off at any moment, the module can be read. Raises `OutputError` if something cannot be written; then the
    module is as it was, or without its former int8 graph.
    """
    manifest = read_manifest(directory)
    former = manifest["files"].pop(INT8, None)
    try:
        with atomic_file(directory / INT8) as temporary:
            weights_file.write(temporary, arrays)
            entry = describe_file(temporary)
            if former not in (None, entry):
                _replace_manifest(directory, manifest)
        manifest["files"][INT8] = entry
        manifest["accuracy"].append(dict(figures))
        _replace_manifest(directory, manifest)
    except OSError as error:
        raise OutputError(
            f"The int8 graph cannot be written to {directory} ({error.strerror or error}); the rest of the "
            "module is as it was: copy it with inception-hub convert to where you may write, and quantize "
            "the copy."
        ) from error


def _replace_manifest(directory: Path, manifest: Mapping[str, Any]) -> None:
    with atomic_file(directory / MANIFEST) as temporary:
        temporary.write_text(to_json(manifest), "utf-8")
