"""`network.json` and `folded.npz` in MODELS as `model.onnx`: `make_onnx.py MODELS`; needs onnx and NumPy."""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


def main(models: Path) -> None:
    weights = dict(np.load(models / "folded.npz"))
    nodes: list[onnx.NodeProto] = []

    def add(op: str, inputs: list[str], name: str, **attributes: Any) -> str:
        nodes.append(helper.make_node(op, inputs, [name], name, **attributes))
        return name

    def layer(x: str, op: str, name: str, kernel: int, stride: int) -> str:
        same = {"kernel_shape": [kernel] * 2, "strides": [stride] * 2, "auto_pad": "SAME_UPPER"}
        if op.endswith("pool"):
            return add({"avg_pool": "AveragePool", "max_pool": "MaxPool"}[op], [x], name, **same)
        x = add("Conv", [x, f"{name}/kernel", f"{name}/bias"], f"{name}/conv", **same)
        return add("Relu", [x], name)

    x = "images"
    for number, block in enumerate(json.loads((models / "network.json").read_text())):
        ends = []
        for branch in block:
            y = x
            for row in branch:
                y = layer(y, *row)
            ends.append(y)
        x = ends[0] if len(ends) == 1 else add("Concat", ends, f"block{number}", axis=1)
    x = add("Flatten", [add("GlobalAveragePool", [x], "pool")], "features")
    add("Gemm", [x, "logits/kernel", "logits/bias"], "logits", transB=1)
    graph = helper.make_graph(
        nodes,
        "inception_v2",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, ["batch", 3, 224, 224])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", weights["logits/bias"].size])],
        [numpy_helper.from_array(value, name) for name, value in weights.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    onnx.save(model, models / "model.onnx")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
