"""Where a run stands, on disk: tensors and a few facts in one safetensors file, replaced atomically."""

import json
import os
from pathlib import Path
from typing import Any

from torch import Tensor

from ..errors import FormatError, OutputError


def save(path: Path, tensors: dict[str, Tensor], facts: dict[str, Any]) -> None:
    """Replaces `path`; the old file stays whole until the new one is. Raises `OutputError`."""
    from safetensors import SafetensorError
    from safetensors.torch import save_file

    temporary = path.with_suffix(".partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        save_file(tensors, temporary, {"facts": json.dumps(facts)})
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except (OSError, SafetensorError) as error:
        temporary.unlink(missing_ok=True)
        raise OutputError(
            f"The checkpoint {path} cannot be written ({error}); the one before it is still there: "
            "make room and run the same command again."
        ) from error


def load(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]] | None:
    """What `save` wrote, or None where there is nothing. Raises `FormatError` for a damaged file."""
    from safetensors import SafetensorError, safe_open

    if not path.exists():
        return None
    try:
        with safe_open(path, "pt") as file:
            facts = json.loads(file.metadata()["facts"])
            return {name: file.get_tensor(name) for name in file.keys()}, facts
    except (OSError, SafetensorError, KeyError, TypeError, ValueError) as error:
        raise FormatError(
            f"The checkpoint {path} is damaged ({error}); restore it, or remove it to begin anew."
        ) from error
