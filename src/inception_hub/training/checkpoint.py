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
from ..system.regular import open_regular
from ..system.text import printable


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
    kept: dict[str, Tensor] = {}
    facts = _read(path, kept)
    return None if facts is None else (kept, facts)


def load_facts(path: Path) -> dict[str, Any] | None:
    """The facts alone, without a look at the tensors; None if there is no checkpoint.

    Raises `FormatError` for a damaged file.
    """
    return _read(path, None)


def _read(path: Path, tensors: dict[str, Tensor] | None) -> dict[str, Any] | None:
    """The facts; into `tensors`, if given, all tensors, which must be those that were written."""
    from safetensors import SafetensorError, safe_open

    try:
        open_regular(path).close()  # a pipe would be waited for
        with safe_open(path, "pt") as file:
            text = file.metadata()["facts"]
            if tensors is not None:
                tensors |= {name: file.get_tensor(name) for name in file.keys()}
                if file.metadata()["sha256"] != _sha256(tensors, text):
                    raise ValueError("it is not what was written")
        facts = json.loads(text)
        if not isinstance(facts, dict):
            raise TypeError("its facts are no table")
        return facts
    except FileNotFoundError:
        return None
    except (OSError, SafetensorError, KeyError, TypeError, ValueError, RecursionError) as error:
        raise _damaged(path, error) from error


def _damaged(path: Path, error: Exception) -> FormatError:
    reason = printable(str(error))[:200]
    return FormatError(
        f"The checkpoint {path} is damaged ({reason}); restore it, or remove it to begin anew."
    )


def _sha256(tensors: dict[str, Tensor], facts: str) -> str:
    """Over names, types, shapes and bytes."""
    digest = hashlib.sha256(facts.encode())
    for name in sorted(tensors):
        tensor = tensors[name]
        digest.update(f"\n{name} {tensor.dtype} {list(tensor.shape)}\n".encode())
        digest.update(tensor.reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()
