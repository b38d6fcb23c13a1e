"""Weights by timm's kind of names: dots, PyTorch's layouts; one to one with Slim's."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..architecture import LOGITS_LAYER, SCOPE, Architecture
from ..errors import FormatError
from ..weights import Weights, load
from .exported import Exported

MODEL, WEIGHTS = "inception_v2.py", "model.safetensors"
COUNTER = "num_batches_tracked"  # PyTorch's batch norm counts what it has seen
# The end of a name here and of Slim's.
ENDS = {
    "conv.weight": "weights",
    "bn.bias": "BatchNorm/beta",
    "bn.running_mean": "BatchNorm/moving_mean",
    "bn.running_var": "BatchNorm/moving_variance",
    "conv_dw.weight": "depthwise_weights",
    "conv_pw.weight": "pointwise_weights",
    "conv_pw.bias": "biases",
}
HEAD = {"fc.weight": f"{LOGITS_LAYER}/weights", "fc.bias": f"{LOGITS_LAYER}/biases"}


def state_dict(architecture: Architecture, weights: Weights) -> dict[str, NDArray[np.float32]]:
    """`weights` as timm's."""
    names: dict[str, str] = {}
    for layer in architecture.layers:
        scope = layer.name.removeprefix(f"{SCOPE}/").replace("/", ".")
        names |= {f"{layer.name}/{slim}": f"{scope}.{end}" for end, slim in ENDS.items()}
    names |= {slim: name for name, slim in HEAD.items()}
    return {names[slim]: _to_torch(names[slim], weights[slim]) for slim in architecture.variables}


def _to_torch(name: str, array: NDArray[np.float32]) -> NDArray[np.float32]:
    if array.ndim == 1:
        return array
    if name == "fc.weight":
        return array[0, 0].T
    if name.endswith("conv_dw.weight"):
        return array.transpose(2, 3, 0, 1).reshape(-1, 1, *array.shape[:2])
    return array.transpose(3, 2, 0, 1)


def is_timm(path: Path) -> bool:
    """Whether `path` is a directory as our export for timm writes it."""
    return (path / MODEL).is_file() and (path / WEIGHTS).is_file()


def read_timm(path: Path) -> Exported:
    """The weights and the metadata of the safetensors file; the Python file is not run.

    Raises `FormatError` for a file that is damaged or holds something else.
    """
    from safetensors import safe_open

    state = load(path / WEIGHTS)
    with safe_open(path / WEIGHTS, "np") as file:
        metadata: Mapping[str, str] = file.metadata() or {}
    weights = {
        _slim(name): np.ascontiguousarray(_from_torch(name, array))
        for name, array in state.items()
        if not name.endswith(COUNTER)
    }
    return Exported(weights, metadata)


def _slim(name: str) -> str:
    if name in HEAD:
        return HEAD[name]
    for end, slim in ENDS.items():
        if name.endswith(f".{end}"):
            return f"{SCOPE}/{name.removesuffix(end).replace('.', '/')}{slim}"
    raise FormatError(f"{name[:80]!r} is no weight as our exports for timm have it; give such an export.")


def _from_torch(name: str, array: NDArray[np.generic]) -> NDArray[np.generic]:
    if name == "fc.weight" and array.ndim == 2:
        return array.T[None, None]
    if name.endswith("conv_dw.weight") and array.ndim == 4 and not len(array) % 3:
        return array.reshape(3, -1, *array.shape[2:]).transpose(2, 3, 0, 1)
    return array.transpose(2, 3, 1, 0) if array.ndim == 4 else array
