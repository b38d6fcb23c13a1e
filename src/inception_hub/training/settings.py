"""The settings of a training run, which its checkpoint holds: it is resumed only with the same ones.

They are named as users know them: `photos`, `module` and `teachers`, of which a digest is kept; options such
as `--epochs`; and values of the recipe, such as `cycles.0.learning_rate`.
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

from ..errors import FormatError
from ..system.text import printable
from .choices import TrainingPrecision

Settings = Mapping[str, str | int | float | bool | None]
DIGESTS = {"photos": "other photos", "module": "another module", "teachers": "other teachers"}
SHOWN = 60  # characters of a value in a message


def digest(value: object) -> str:
    """SHA-256, hexadecimal, of a JSON-ready value; the order of its keys does not count."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def flattened(value: Any, path: str = "") -> dict[str, str | int | float | bool | None]:
    """The values in dicts and sequences, each by its path, such as `cycles.0.learning_rate`."""
    if not isinstance(value, dict | list | tuple):
        return {path: value}
    items = value.items() if isinstance(value, dict) else enumerate(value)
    parts = [flattened(each, f"{path}.{key}" if path else str(key)) for key, each in items]
    return {name: each for part in parts for name, each in part.items()}


def without_dashes(settings: Settings) -> Settings:
    """`settings` for trackers: options without their dashes, values of the recipe behind `recipe.`."""
    return {
        name.removeprefix("--") if name.startswith("--") or name in DIGESTS else f"recipe.{name}": value
        for name, value in settings.items()
    }


def precision_of(kept: object) -> str | None:
    """`bf16` or `f32`, in which a run was begun whose checkpoint holds the settings `kept`; None: unknown."""
    precision = kept.get("--precision") if isinstance(kept, dict) else None
    return precision if precision in get_args(TrainingPrecision) else None


def check(checkpoint: Path, kept: object, settings: Settings) -> None:
    """Raises `FormatError` naming the first setting of a run in which `kept`, of its checkpoint, differs."""
    if not isinstance(kept, dict):
        raise _other(checkpoint, "by another version")
    for name in sorted((*settings, *kept), key=lambda name: name == "name"):  # values say more than names
        if kept.get(name) == settings.get(name) and (name in kept) == (name in settings):
            continue
        if name in DIGESTS:
            raise _other(checkpoint, f"with {DIGESTS[name]}")
        given, now = _shown(kept.get(name)), _shown(settings.get(name))
        called = name if name.startswith("--") else f"the recipe's {printable(name)[:SHOWN]}"
        raise _other(checkpoint, f"with {called} {given}, not {now}")


def _other(checkpoint: Path, how: str) -> FormatError:
    return FormatError(
        f"The checkpoint {checkpoint} was begun {how}; give what it was begun with, "
        "or remove it to begin anew."
    )


def _shown(value: object) -> str:
    words = {None: "none", True: "on", False: "off"}
    return words[value] if value is None or isinstance(value, bool) else printable(str(value))[:SHOWN]
