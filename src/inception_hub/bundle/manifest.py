"""`module.json`: the description of a module directory, which names every other file with size and SHA-256.

It is written last, so a directory with a valid one is complete. docs/module-format.md lists its fields.
"""

import hashlib
import json
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..errors import FormatError
from ..images.presets import PRESETS
from ..system.regular import open_regular

MANIFEST = "module.json"
WEIGHTS = "weights.safetensors"
LABELS = "labels.txt"
CARD = "README.md"
CONFIG = "config.json"
REPORT = "report.html"
INT8 = "int8.safetensors"
CALIBRATION = "calibration.safetensors"
WEIGHTS_SHA256 = "weights_sha256"  # the array in it that says which weights it is of
FORMAT = "inception-hub module"
FORMAT_VERSION = 1
MAX_MANIFEST_BYTES = 4 << 20  # a thousand classes take 60 kB
MAX_TEXT_BYTES = {LABELS: 16 << 20, CARD: 64 << 20, REPORT: 64 << 20}
MAX_BYTES = 4 << 30  # of all files
MAX_SIDE = 16384  # pixels of the default image size
MAX_LINE = 1000  # characters of a name or a source


def is_bundle(directory: Path) -> bool:
    """Whether `directory` claims to be a module directory of ours."""
    return (directory / MANIFEST).is_file()


def read_manifest(directory: Path) -> dict[str, Any]:
    """`module.json` as data, its fields and their types checked; no other file is touched.

    Raises `FormatError` if it is missing, unreadable or not as docs/module-format.md describes it.
    """
    path = directory / MANIFEST
    try:
        with open_regular(path) as file:
            content = file.read(MAX_MANIFEST_BYTES + 1)
        if len(content) > MAX_MANIFEST_BYTES:
            raise ValueError(f"it is larger than {MAX_MANIFEST_BYTES} bytes")
        manifest = json.loads(content, parse_constant=_refuse_constant)
        _check_text(manifest)
        _check(manifest)
    except (OSError, ValueError, RecursionError) as error:
        reason = getattr(error, "strerror", None) or error
        raise FormatError(
            f"{path} is not a readable module description ({reason}); restore the module or pull it again."
        ) from error
    return manifest


def verify(directory: Path) -> dict[str, Any]:
    """Checks size and SHA-256 of every file; returns the manifest or raises `FormatError` naming the file."""
    manifest = read_manifest(directory)
    for name, expected in manifest["files"].items():
        path = directory / name
        try:
            status = path.stat()
            # A pipe or device is never opened.
            whole = stat.S_ISREG(status.st_mode) and status.st_size == expected["size"]
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


def to_json(manifest: Mapping[str, Any]) -> str:
    """The text of `module.json`."""
    return json.dumps(manifest, indent=2, ensure_ascii=False) + "\n"


def describe_file(path: Path) -> dict[str, int | str]:
    """The entry of the file `path` in the manifest's `files`: `size` in bytes and `sha256` in hexadecimal."""
    return {"size": path.stat().st_size, "sha256": _sha256(path)}


def one_line(text: str) -> str:
    """`text` as the manifest takes it: at most `MAX_LINE` printable characters, `?` for any other."""
    return "".join(c if c.isprintable() else "?" for c in text[:MAX_LINE])


def _sha256(path: Path) -> str:
    with open_regular(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _check(manifest: Any) -> None:
    """Raises `ValueError` for the first field that is not as docs/module-format.md describes it."""
    _require(isinstance(manifest, dict), "it is not a JSON object")
    _require(manifest.get("format") == FORMAT, f"its `format` is not `{FORMAT}`")
    version = manifest.get("format_version")
    _require(
        version == FORMAT_VERSION,
        f"its `format_version` is {repr(version)[:40]}; this release reads {FORMAT_VERSION}",
    )
    num_classes = _check_architecture(manifest.get("architecture"))
    _check_images(manifest.get("image_size"), manifest.get("preprocessing"))
    _require(_is_one_line(manifest.get("name")), "`name` is not a line of text")
    _require("wordnet_ids" in manifest, "`wordnet_ids` is missing")
    _check_wordnet_ids(manifest["wordnet_ids"], num_classes)
    _check_provenance(manifest.get("provenance"))
    _check_accuracy(manifest.get("accuracy"))
    _check_files(manifest.get("files"))


def _refuse_constant(name: str) -> None:
    raise ValueError(f"it holds {name}, which is no JSON")


def _check_text(value: Any) -> None:
    """Raises `ValueError` for half a character (a lone surrogate) in any key or text, read by us or not.

    JSON can hold one; no file and no terminal can.
    """
    if isinstance(value, str):
        _require(_is_text(value), f"{ascii(value[:40])} holds half a character")
    elif isinstance(value, dict):
        for key, part in value.items():
            _check_text(key)
            _check_text(part)
    elif isinstance(value, list):
        for part in value:
            _check_text(part)


def _is_text(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _require(condition: bool, otherwise: str) -> None:
    if not condition:
        raise ValueError(otherwise)


def _check_architecture(architecture: Any) -> int:
    """The number of classes."""
    _require(isinstance(architecture, dict), "`architecture` is missing")
    _require(architecture.get("name") == "inception_v2", "`architecture.name` is not `inception_v2`")
    multiplier, num_classes = architecture.get("depth_multiplier"), architecture.get("num_classes")
    # `type` rather than `isinstance`: true and false are integers in Python.
    _require(
        type(multiplier) in (int, float) and 0 < multiplier <= 64, "`depth_multiplier` is not in (0, 64]"
    )
    _require(
        type(num_classes) is int and 0 <= num_classes <= 1_000_000, "`num_classes` is not in 0..1,000,000"
    )
    return num_classes


def _check_images(size: Any, preprocessing: Any) -> None:
    _require(
        isinstance(size, list) and len(size) == 2 and all(type(n) is int and 0 < n <= MAX_SIDE for n in size),
        "`image_size` is not [height, width] in pixels",
    )
    _require(
        isinstance(preprocessing, dict) and preprocessing.get("resize") in PRESETS,
        f"`preprocessing.resize` is not one of {', '.join(PRESETS)}",
    )


def _check_wordnet_ids(ids: Any, num_classes: int) -> None:
    _require(
        ids is None
        or isinstance(ids, list)
        and len(ids) == num_classes
        and all(i is None or isinstance(i, str) for i in ids),
        "`wordnet_ids` is not one string per class",
    )


def _check_provenance(provenance: Any) -> None:
    _require(
        isinstance(provenance, dict)
        and set(provenance) == {"source", "licence", "source_sha256"}
        and _is_one_line(provenance["source"])
        and _is_one_line(provenance["licence"])
        and (provenance["source_sha256"] is None or _is_one_line(provenance["source_sha256"])),
        "`provenance` lacks source, licence or source_sha256",
    )


def _check_accuracy(accuracy: Any) -> None:
    _require(
        isinstance(accuracy, list) and all(isinstance(figures, dict) for figures in accuracy),
        "`accuracy` is not a list",
    )


def _check_files(files: Any) -> None:
    _require(
        isinstance(files, dict)
        and {WEIGHTS, LABELS} <= set(files)
        and all(_is_file_name(name) for name in files)
        and all(
            isinstance(f, dict) and type(f.get("size")) is int and isinstance(f.get("sha256"), str)
            for f in files.values()
        ),
        "`files` does not give size and sha256 of each file",
    )
    _require(
        sum(max(file["size"], 0) for file in files.values()) <= MAX_BYTES,
        f"`files` exceed {MAX_BYTES} bytes",
    )
    for name, limit in MAX_TEXT_BYTES.items():
        _require(name not in files or files[name]["size"] <= limit, f"{name} is larger than {limit} bytes")


def _is_file_name(name: str) -> bool:
    """Whether `name` is that of a file in the directory itself, on every system, and not the manifest's."""
    return not any(c in name for c in "/\\\0") and name not in ("", ".", "..", MANIFEST)


def _is_one_line(text: Any) -> bool:
    """Whether `text` can be shown on a terminal, where control characters do what they like."""
    return isinstance(text, str) and text.isprintable() and len(text) <= MAX_LINE
