"""The original's directory for everybody else: `make_ours.py ORIGINAL MODELS`, run by our Python.

Writes into MODELS: `ours` (our module directory), and for PyTorch and ONNX `network.json` (blocks of branches
of layers: op, name, kernel, stride) and `folded.npz` (kernels OIHW and biases, batch norm folded in).
"""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

import inception_hub as hub
from inception_hub import bundle
from inception_hub.architecture import Layer
from inception_hub.weights import fold


def main(original: str, models: Path) -> None:
    module = hub.load_module_spec(original).bundle
    blocks = [
        [[_row(layer) for layer in branch] for branch in block.branches]
        for block in module.architecture.blocks
    ]
    (models / "network.json").write_text(json.dumps(blocks))
    folded = {}
    for layer in module.architecture.layers:
        if layer.variables:
            kernel, bias = fold(layer, module.weights)
            name = "logits" if layer is module.architecture.logits_layer else layer.name
            folded[f"{name}/kernel"] = kernel[0, 0].T if name == "logits" else kernel.transpose(3, 2, 0, 1)
            folded[f"{name}/bias"] = bias
    arrays: dict[str, Any] = {name: np.ascontiguousarray(value) for name, value in folded.items()}
    np.savez(models / "folded.npz", **arrays)
    bundle.write(module, models / "ours")


def _row(layer: Layer) -> tuple[str, str, int, int]:
    op = layer.op if layer.op.endswith("pool") else "conv"
    return op, layer.name, layer.kernel, layer.stride


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
