"""The checkpoint of a training run: tensors and a few facts in one safetensors file, replaced atomically.

Its metadata hold a SHA-256 of all of it: a bit that a disk has lost is an error, never another result.
"""

import hashlib
import json
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ..errors import FormatError, OutputError
from ..system.atomic import atomic_file


def save(path: Path, tensors: dict[str, Tensor], facts: dict[str, Any]) -> None:
    """Replaces the checkpoint `path`, which stays whole until the new one is on the disk.

    Raises `OutputError`.
    """
    from safetensors import SafetensorError
    from safetensors.torch import save_file

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        tensors = {name: tensor.cpu().contiguous() for name, tensor in tensors.items()}
        text = json.dumps(facts)
        with atomic_file(path) as temporary:
            save_file(tensors, temporary, {"facts": text, "sha256": _sha256(tensors, text)})
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
            text = file.metadata()["facts"]
            tensors = {name: file.get_tensor(name) for name in file.keys()}
            if file.metadata()["sha256"] != _sha256(tensors, text):
                raise ValueError("it is not what was written")
            return tensors, json.loads(text)
    except (OSError, SafetensorError, KeyError, TypeError, ValueError) as error:
        raise _damaged(path, error) from error


def load_facts(path: Path) -> dict[str, Any] | None:
    """The facts alone, without a look at the tensors; None if there is no checkpoint.

    Raises `FormatError` for a damaged file.
    """
    from safetensors import SafetensorError, safe_open

    if not path.exists():
        return None
    try:
        with safe_open(path, "pt") as file:
            return json.loads(file.metadata()["facts"])
    except (OSError, SafetensorError, KeyError, TypeError, ValueError) as error:
        raise _damaged(path, error) from error


def _damaged(path: Path, error: Exception) -> FormatError:
    return FormatError(f"The checkpoint {path} is damaged ({error}); restore it, or remove it to begin anew.")


def _sha256(tensors: dict[str, Tensor], facts: str) -> str:
    """Over names, types, shapes and bytes."""
    digest = hashlib.sha256(facts.encode())
    for name in sorted(tensors):
        tensor = tensors[name]
        digest.update(f"\n{name} {tensor.dtype} {list(tensor.shape)}\n".encode())
        digest.update(tensor.reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()
