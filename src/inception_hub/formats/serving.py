"""Model repositories for OpenVINO Model Server and Triton: an export with its configuration around it.

https://docs.openvino.ai/2025/model-server/ovms_docs_models_repository.html and
https://github.com/triton-inference-server/server/blob/main/docs/user_guide/model_configuration.md.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from ..bundle import Bundle
from .named_outputs import LOGITS
from .options import Server

VERSION = "1"
LABELS = "labels.txt"
MAX_NAME = 100  # characters
MAX_BATCH = 32  # images that Triton puts together
TRITON_TYPES = {"float32": "TYPE_FP32", "uint8": "TYPE_UINT8", "int64": "TYPE_INT64"}


@dataclass(frozen=True)
class Tensor:
    """An input or output of a graph; -1 in its `shape` is any number."""

    name: str
    dtype: np.dtype[Any]
    shape: tuple[int, ...]


@dataclass(frozen=True)
class Served:
    """What a server is told of an export: Triton's `backend` for it, the `file` to load, and its tensors."""

    backend: Literal["onnxruntime", "openvino"]
    file: str
    inputs: Sequence[Tensor]
    outputs: Sequence[Tensor]


def version_folder(repository: Path, bundle: Bundle) -> Path:
    """Where the export lies in the model repository; its parent, the model's folder, is made."""
    folder = repository / model_name(bundle)
    folder.mkdir(parents=True)
    return folder / VERSION


def model_name(bundle: Bundle) -> str:
    """The module's name, fit for a folder and an address: letters, digits, `.`, `_` and `-`."""
    return re.sub(r"[^A-Za-z0-9._-]+", "_", bundle.name).strip("._")[:MAX_NAME] or "inception_v2"


def configure(server: Server, repository: Path, bundle: Bundle, served: Served) -> None:
    """Writes the configuration of `server` into the model repository."""
    name = model_name(bundle)
    if server == "ovms":
        # Else OpenVINO takes bfloat16 on CPUs that have it.
        model = {"name": name, "base_path": name, "plugin_config": {"INFERENCE_PRECISION_HINT": "f32"}}
        text = json.dumps({"model_config_list": [{"config": model}]}, indent=2)
        (repository / "config.json").write_bytes(f"{text}\n".encode())
        return
    folder = repository / name
    if bundle.labels:
        (folder / LABELS).write_bytes("".join(f"{label}\n" for label in bundle.labels).encode())
    (folder / "config.pbtxt").write_bytes(_triton(name, bundle, served).encode())


def _triton(name: str, bundle: Bundle, served: Served) -> str:
    """`ModelConfig` as protocol buffers' text.

    Requests are put together where the batch is free, by ONNX Runtime only: Triton's backend for OpenVINO
    documents failures there.
    """
    tensors = (*served.inputs, *served.outputs)
    batched = served.backend == "onnxruntime" and all(tensor.shape[0] == -1 for tensor in tensors)
    lines = [
        f'name: "{name}"',
        f'backend: "{served.backend}"',
        f'default_model_filename: "{served.file}"',
        f"max_batch_size: {MAX_BATCH if batched else 0}",
        *(_tensor("input", tensor, batched, "") for tensor in served.inputs),
        *(
            _tensor("output", tensor, batched, LABELS if tensor.name == LOGITS and bundle.labels else "")
            for tensor in served.outputs
        ),
    ]
    return "\n".join([*lines, *(["dynamic_batching { }"] if batched else []), ""])


def _tensor(kind: str, tensor: Tensor, batched: bool, labels: str) -> str:
    dims = ", ".join(map(str, tensor.shape[batched:]))
    named = f'\n  label_filename: "{labels}"' if labels else ""
    kind_of_value = TRITON_TYPES[tensor.dtype.name]
    return f'{kind} {{\n  name: "{tensor.name}"\n  data_type: {kind_of_value}\n  dims: [ {dims} ]{named}\n}}'
