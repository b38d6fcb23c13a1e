"""The settings that rows are made with: `--resume` continues a file only with those that made its rows.

A file of text has them beside it, in the hidden file `.NAME.settings.json`; Parquet has them in its metadata.
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..errors import OutputError
from ..images.loading import DECODING
from ..inference.options import Options
from ..module import Module
from ..system.atomic import atomic_file
from ..system.regular import open_regular
from ..system.text import printable
from ..weights import identity

Settings = Mapping[str, str | int]
NO_SETTINGS: Settings = {}
MAX_BYTES = 1 << 16  # of a record; ours have some 500
SHOWN = 60  # characters of a value in a message


def settings_of(module: Module, options: Options) -> Settings:
    """What decides the rows of a photo: the module's bytes, how photos are decoded and how it computes.

    Left out are the engine, for all give the same predictions, and `max_pixels`, which only decides whether a
    photo has any.
    """
    bundle = module.spec.bundle
    settings: dict[str, str | int] = {
        "module": bundle.name,
        "weights": identity(bundle.weights),
        "image size": "x".join(map(str, module.image_size)),
        "resize": options.resize or module.resize,
        "precision": module.precision,
        "decoding": DECODING,
    }
    if module.precision == "int8" and bundle.int8 is not None:
        settings["int8 graph"] = identity(bundle.int8)
    if options.kind == "predictions":
        if options.coverage is None:
            settings["top"] = options.top
        elif bundle.calibration is not None:
            settings["coverage"] = repr(options.coverage)
            settings["calibration"] = identity(bundle.calibration)
        settings["labels"] = hashlib.sha256(bundle.labels.to_text().encode()).hexdigest()
    return settings


def record_of(output: Path) -> Path:
    """The file beside `output` that says with which settings its rows are made."""
    return output.with_name(f".{output.name}.settings.json")


def write_record(output: Path, settings: Settings) -> None:
    """Puts the record of `output` on the disk, before its first row. Raises what the system raises."""
    with atomic_file(record_of(output)) as temporary:
        temporary.write_bytes(to_json(settings))


def check_record(output: Path, settings: Settings) -> None:
    """Raises `OutputError` if the rows of `output` are not known to be made with `settings`."""
    try:
        with open_regular(record_of(output)) as file:
            content = file.read(MAX_BYTES)
    except OSError:
        content = None
    check(output, content, settings)


def to_json(settings: Settings) -> bytes:
    """The record's content."""
    return json.dumps(dict(settings), ensure_ascii=False).encode("utf-8", "backslashreplace")


def check(output: Path, content: bytes | None, settings: Settings) -> None:
    """Raises `OutputError` unless `content`, the record of `output`, says what `to_json(settings)` says."""
    if _read(content) is None:
        raise OutputError(
            f"{output} cannot be resumed, for nothing says which module and settings made its rows "
            f"({record_of(output).name} does, or Parquet's metadata); give another --output."
        )
    if clause := difference(content, settings):
        raise OutputError(f"{output} holds {clause}; resume with what made them, or give another --output.")


def is_record(content: bytes) -> bool:
    """Whether `content` is a record of settings, of whatever values."""
    return _read(content) is not None


def difference(content: bytes | None, settings: Settings) -> str | None:
    """What the rows of the record `content` are that those with `settings` are not.

    `vectors made with resize slim, not default`, or `vectors, not predictions`. None where nothing differs,
    and where `content` is no record.
    """
    kept = _read(content)
    wanted: dict[str, Any] = json.loads(to_json(settings))
    if kept is None:
        return None
    if _rows(kept) != _rows(wanted):
        return f"{_rows(kept)}, not {_rows(wanted)}"
    for name in (*wanted, *kept):
        if kept.get(name) != wanted.get(name):
            made, asked = _shown(kept.get(name)), _shown(wanted.get(name))
            return f"{_rows(kept)} made with {printable(name)[:SHOWN]} {made}, not {asked}"
    return None


def _read(content: bytes | None) -> dict[str, Any] | None:
    try:
        settings: Any = json.loads(content or b"")
    except (ValueError, RecursionError):
        return None
    return settings if isinstance(settings, dict) else None


def _rows(settings: Mapping[str, Any]) -> str:
    return "predictions" if "labels" in settings else "vectors"


def _shown(value: object) -> str:
    return "none" if value is None else printable(str(value))[:SHOWN]
