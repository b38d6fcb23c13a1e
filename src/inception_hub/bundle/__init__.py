"""The module directory: `module.json`, `weights.safetensors`, `labels.txt`, card and report; plain data.

docs/module-format.md describes it byte by byte. `module.json` names every other file with its size and
SHA-256 and is written last, so a directory with a valid one is complete.
"""

import hashlib
import json
import os
import stat
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from .. import weights as weights_file
from ..architecture import LOGITS_LAYER, Architecture
from ..engines import int8
from ..engines.int8 import Int8
from ..errors import ArgumentError, FormatError, InceptionHubError, OutputError
from ..labels import Labels
from ..weights import Weights
from .card import config, with_metadata, without_metadata

if TYPE_CHECKING:
    from ..images.presets import Preset

MANIFEST = "module.json"
WEIGHTS = "weights.safetensors"
LABELS = "labels.txt"
CARD = "README.md"
CONFIG = "config.json"
REPORT = "report.html"
INT8 = "int8.safetensors"
FORMAT_VERSION = 1
MAX_MANIFEST_BYTES = 4 << 20  # a thousand classes take 60 kB
MAX_TEXT_BYTES = {LABELS: 16 << 20, CARD: 64 << 20, REPORT: 64 << 20}
MAX_BYTES = 4 << 30  # of all files
MAX_LINE = 1000  # characters of a name or a source
DEFAULT_IMAGE_SIZE = (224, 224)  # TF-Slim's default_image_size


@dataclass(frozen=True)
class Provenance:
    """Where the weights come from, for people."""

    source: str  # a handle, a file name, or the recipe that trained them
    licence: str = "unknown"
    source_sha256: str | None = None


@dataclass(frozen=True)
class Bundle:
    """Everything a module directory holds.

    `image_size`: (height, width) in pixels. `resize`: the preset that the weights are meant for. `accuracy`:
    measured figures such as `{"data": ..., "images": 10000, "top1": 0.4}`.
    """

    name: str
    architecture: Architecture
    weights: Weights
    labels: Labels
    provenance: Provenance
    image_size: tuple[int, int] = DEFAULT_IMAGE_SIZE
    resize: "Preset" = "default"
    accuracy: tuple[Mapping[str, Any], ...] = ()
    card: str = ""  # without the metadata that stands before it in the file
    report: str = ""  # the page of the training run
    int8: Int8 | None = None  # what `quantize` made of the weights

    def in_memory(self) -> "Bundle":
        """The same with every array in memory, to be sent to where its files are not."""
        return replace(self, weights=dict(self.weights), int8=None if self.int8 is None else dict(self.int8))

    def without_head(self) -> "Bundle":
        """The same network as a feature vector module: no logits, no labels."""
        weights = {n: w for n, w in self.weights.items() if not n.startswith(f"{LOGITS_LAYER}/")}
        architecture = replace(self.architecture, num_classes=0)
        made = replace(self, architecture=architecture, weights=weights, labels=Labels((), ()))
        return replace(made, accuracy=(), card="", report="", int8=None)  # they speak of classes


class HasBundle(Protocol):
    """Anything that can be written as a module directory, such as a `Module`."""

    @property
    def bundle(self) -> Bundle:
        """What the directory holds."""
        ...


def is_bundle(directory: Path) -> bool:
    """Whether `directory` claims to be a module directory of ours."""
    return (directory / MANIFEST).is_file()


def write(bundle: Bundle, directory: Path, dtype: type[np.floating] = np.float32) -> None:
    """Writes a complete module directory, which must not exist yet; `dtype` is that of the stored weights.

    Raises `OutputError` if `directory` exists or cannot be written; then nothing is left behind.
    """
    import shutil
    import tempfile

    if directory.exists():
        raise OutputError(
            f"{directory} already exists and is left as it is; choose another path or remove it first."
        )
    try:
        directory.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(prefix=f".{directory.name}.", dir=directory.parent))
        try:
            temporary.chmod(0o755)  # mkdtemp's 0o700 would hide a shared module from other users
            _fill(bundle, temporary, dtype)
            os.rename(temporary, directory)
        except BaseException:
            shutil.rmtree(temporary, ignore_errors=True)
            raise
    except OSError as error:
        if isinstance(error, InceptionHubError):
            raise
        raise OutputError(
            f"The module cannot be written to {directory}: {error.strerror or error}."
        ) from error


def _fill(bundle: Bundle, directory: Path, dtype: type[np.floating]) -> None:
    checked = weights_file.check(bundle.architecture, bundle.weights)
    weights_file.save(directory / WEIGHTS, checked, dtype)
    (directory / LABELS).write_text(bundle.labels.to_text(), "utf-8")
    (directory / CARD).write_text(
        with_metadata(
            bundle.card,
            bundle.name,
            bundle.provenance.licence,
            bundle.architecture.num_classes,
            bundle.accuracy,
        ),
        "utf-8",
    )
    (directory / CONFIG).write_text(config(bundle.labels), "utf-8")
    if bundle.report:
        (directory / REPORT).write_text(bundle.report, "utf-8")
    if bundle.int8 is not None:
        weights_file.write(directory / INT8, int8.check(bundle.architecture, bundle.int8))
    files = {path.name: _describe(path) for path in sorted(directory.iterdir())}
    ids = bundle.labels.wordnet_ids
    manifest = {
        "format": "inception-hub module",
        "format_version": FORMAT_VERSION,
        "name": _one_line(bundle.name),
        "architecture": {"name": "inception_v2", **asdict(bundle.architecture)},
        "image_size": list(bundle.image_size),
        "preprocessing": {"resize": bundle.resize, "range": [0, 1], "channels": "RGB"},
        "wordnet_ids": list(ids) if any(ids) else None,
        "provenance": {
            "source": _one_line(bundle.provenance.source),
            "licence": _one_line(bundle.provenance.licence),
            "source_sha256": bundle.provenance.source_sha256,
        },
        "accuracy": [dict(figures) for figures in bundle.accuracy],
        "files": files,
    }
    (directory / MANIFEST).write_text(_json(manifest), "utf-8")


def add_int8(directory: Path, found: Int8, figures: Mapping[str, Any]) -> None:
    """Adds `found` to a module directory, `figures` to its measured accuracy; `module.json` is replaced last.

    Raises `OutputError` if it cannot be written; then the module is as it was.
    """
    manifest = read_manifest(directory)
    manifest["accuracy"].append(dict(figures))
    try:
        _replace(directory / INT8, lambda path: weights_file.write(path, found))
        manifest["files"][INT8] = _describe(directory / INT8)
        _replace(directory / MANIFEST, lambda path: path.write_text(_json(manifest), "utf-8"))
    except OSError as error:
        raise OutputError(
            f"The int8 graph cannot be written to {directory} ({error.strerror or error}); the module is as "
            "it was: copy it with inception-hub convert to where you may write, and quantize the copy."
        ) from error


def _replace(path: Path, write: Callable[[Path], object]) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        write(temporary)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def _json(manifest: Mapping[str, Any]) -> str:
    return json.dumps(manifest, indent=2, ensure_ascii=False) + "\n"


def _describe(path: Path) -> dict[str, int | str]:
    return {"size": path.stat().st_size, "sha256": _sha256(path)}


def _sha256(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_manifest(directory: Path) -> dict[str, Any]:
    """`module.json` as data, its fields and their types checked; no other file is touched."""
    path = directory / MANIFEST
    try:
        with open(path, "rb") as file:
            content = file.read(MAX_MANIFEST_BYTES + 1)
        if len(content) > MAX_MANIFEST_BYTES:
            raise ValueError(f"it is larger than {MAX_MANIFEST_BYTES} bytes")
        manifest = json.loads(content)
        _check_manifest(manifest)
    except (OSError, ValueError, RecursionError) as error:
        raise FormatError(
            f"{path} is not a readable module description ({error}); restore the module or pull it again."
        ) from error
    return manifest


def _check_manifest(manifest: Any) -> None:
    def require(condition: bool, what: str) -> None:
        if not condition:
            raise ValueError(what)

    require(isinstance(manifest, dict), "it is not a JSON object")
    require(manifest.get("format") == "inception-hub module", "its `format` is not `inception-hub module`")
    version = manifest.get("format_version")
    require(
        version == FORMAT_VERSION,
        f"its `format_version` is {repr(version)[:40]}; this release reads {FORMAT_VERSION}",
    )
    architecture = manifest.get("architecture")
    require(isinstance(architecture, dict), "`architecture` is missing")
    require(architecture.get("name") == "inception_v2", "`architecture.name` is not `inception_v2`")
    multiplier, classes = architecture.get("depth_multiplier"), architecture.get("num_classes")
    require(type(multiplier) in (int, float) and 0 < multiplier <= 64, "`depth_multiplier` is not in (0, 64]")
    require(type(classes) is int and 0 <= classes <= 1_000_000, "`num_classes` is not in 0..1,000,000")
    size = manifest.get("image_size")
    require(
        isinstance(size, list) and len(size) == 2 and all(type(n) is int and 0 < n <= 16384 for n in size),
        "`image_size` is not [height, width] in pixels",
    )
    preprocessing = manifest.get("preprocessing")
    require(
        isinstance(preprocessing, dict) and preprocessing.get("resize") in ("default", "slim", "plain"),
        "`preprocessing.resize` is not default, slim or plain",
    )
    require(_is_one_line(manifest.get("name")), "`name` is not a line of text")
    ids = manifest.get("wordnet_ids")
    require("wordnet_ids" in manifest, "`wordnet_ids` is missing")
    require(
        ids is None
        or isinstance(ids, list)
        and len(ids) == classes
        and all(i is None or isinstance(i, str) for i in ids),
        "`wordnet_ids` is not one string per class",
    )
    provenance = manifest.get("provenance")
    require(
        isinstance(provenance, dict)
        and set(provenance) == {"source", "licence", "source_sha256"}
        and _is_one_line(provenance["source"])
        and _is_one_line(provenance["licence"])
        and isinstance(provenance["source_sha256"], str | None),
        "`provenance` lacks source, licence or source_sha256",
    )
    accuracy = manifest.get("accuracy")
    require(
        isinstance(accuracy, list) and all(isinstance(a, dict) for a in accuracy), "`accuracy` is not a list"
    )
    files = manifest.get("files")
    require(
        isinstance(files, dict)
        and {WEIGHTS, LABELS} <= set(files)
        and all(
            "/" not in n and "\\" not in n and "\0" not in n and n not in ("", ".", "..", MANIFEST)
            for n in files
        )
        and all(
            isinstance(f, dict) and type(f.get("size")) is int and isinstance(f.get("sha256"), str)
            for f in files.values()
        ),
        "`files` does not give size and sha256 of each file",
    )
    require(sum(max(f["size"], 0) for f in files.values()) <= MAX_BYTES, f"`files` exceed {MAX_BYTES} bytes")
    for name, most in MAX_TEXT_BYTES.items():
        require(name not in files or files[name]["size"] <= most, f"{name} is larger than {most} bytes")


def _is_one_line(text: Any) -> bool:
    """Whether `text` can be shown on a terminal, where control characters do what they like."""
    return isinstance(text, str) and text.isprintable() and len(text) <= MAX_LINE


def _one_line(text: str) -> str:
    return "".join(c if c.isprintable() else "?" for c in text[:MAX_LINE])


def verify(directory: Path) -> dict[str, Any]:
    """Checks size and SHA-256 of every file; returns the manifest or raises `FormatError` naming the file."""
    manifest = read_manifest(directory)
    for name, expected in manifest["files"].items():
        path = directory / name
        try:
            found = path.stat()
            whole = stat.S_ISREG(found.st_mode) and found.st_size == expected["size"]  # no pipe is opened
            damaged = not whole or _sha256(path) != expected["sha256"]
        except OSError as error:
            raise FormatError(
                f"{path} cannot be read ({error.strerror}); restore the module or pull it again."
            ) from error
        if damaged:
            raise FormatError(
                f"{path} is not the file that {MANIFEST} describes (size or SHA-256 differ); "
                "restore the module or pull it again."
            )
    return manifest


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
            (directory / name).read_text("utf-8") if name in manifest["files"] else ""
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
        return weights_file.LazyWeights(
            directory / name, manifest["files"][name]["sha256"], architecture, check
        )

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
