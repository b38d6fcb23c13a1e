"""The checkpoint of a training run: tensors and a few facts in one safetensors file, replaced atomically."""

import json
from pathlib import Path
from typing import Any

from torch import Tensor

from ..errors import FormatError, OutputError
from ..system.atomic import atomic_file


def save(path: Path, tensors: dict[str, Tensor], facts: dict[str, Any]) -> None:
    """Replaces the checkpoint `path`, which stays whole until the new one is on the disk.

    One process at a time. Raises `OutputError`.
    """
    from safetensors import SafetensorError
    from safetensors.torch import save_file

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        remove_partial(path)
        with atomic_file(path) as temporary:
            save_file(tensors, temporary, {"facts": json.dumps(facts)})
    except (OSError, SafetensorError) as error:
        raise OutputError(
            f"The checkpoint {path} cannot be written ({error}); the one before it is still there: "
            "make room and run the same command again."
        ) from error


def load(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]] | None:
    """The tensors and facts that `save` wrote; None if there is no checkpoint.

    Raises `FormatError` for a damaged file.
    """
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


def remove_partial(path: Path) -> None:
    """Removes temporary files (see `system.atomic`) that a save of `path` left when it was killed."""
    for partial in path.parent.glob(f".{path.name}.*.partial"):
        partial.unlink(missing_ok=True)
