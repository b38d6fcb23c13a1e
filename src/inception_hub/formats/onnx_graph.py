"""Nodes and constants of an ONNX graph in the making."""

from itertools import count
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import onnx

FLOAT, UINT8, INT64, FLOAT16 = 1, 2, 7, 10  # TensorProto.DataType


class Graph:
    """`nodes` in order of computation, and `constants` by name."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: dict[str, NDArray[Any]] = {}
        self._numbers = count()

    def constant(self, value: Any, name: str | None = None) -> str:
        """Keeps `value` under `name`, or a name of its own; gives the name."""
        name = name or f"constant_{next(self._numbers)}"
        self.constants[name] = np.asarray(value)
        return name

    def add(
        self, op: str, inputs: list[str], *, name: str | tuple[str, ...] | None = None, **attributes: Any
    ) -> str:
        """Adds a node whose outputs are called `name`; gives the first one's name."""
        from onnx import helper

        outputs = (name,) if isinstance(name, str) else name or (f"{op.lower()}_{next(self._numbers)}",)
        self.nodes.append(helper.make_node(op, inputs, list(outputs), f"{outputs[0]}/{op}", **attributes))
        return outputs[0]
