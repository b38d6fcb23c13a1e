"""NNCF's part in `quantize`: the table's graph and some photos in, the int8 network as data out."""

import contextlib
import io
import warnings
from typing import Any

import numpy as np
import openvino as ov
from numpy.typing import NDArray

from ..architecture import LOGITS, Architecture
from ..errors import QuantizationError
from ..weights import Weights
from .int8 import Int8, check, rounded
from .openvino_core import CORE
from .openvino_graph import Parts, build, float_parts, int8_parts

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # its imports warn of their age
    import nncf


def calibrate(architecture: Architecture, weights: Weights, images: list[NDArray[np.float32]]) -> Int8:
    """The int8 network for `images`, each float32 [1, height, width, 3] in [0, 1].

    Raises `QuantizationError` if this NNCF rounds elsewhere, or otherwise, than the table does.
    """
    _, height, width, _ = images[0].shape

    def graph(parts: Parts) -> ov.Model:
        # The last output alone: any other would have to stay float32, and the layers before it with it.
        return build(architecture, parts, height, width, (LOGITS,))

    # NNCF draws bars of its own on standard output.
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        nncf.set_log_level(40)  # errors
        theirs = nncf.quantize(
            graph(float_parts(architecture, weights)), nncf.Dataset(images), subset_size=len(images)
        )
    try:
        int8 = check(architecture, _arrays(architecture, theirs))
        ours = graph(int8_parts(architecture, int8))
        same = np.array_equal(_logits(theirs, images[0]), _logits(ours, images[0]))
    except (KeyError, ValueError) as error:
        raise QuantizationError(_unknown(error)) from error
    if not same:
        raise QuantizationError(_unknown("other logits"))
    return int8


def _arrays(architecture: Architecture, graph: ov.Model) -> dict[str, NDArray[Any]]:
    nodes = {node.get_friendly_name(): node for node in graph.get_ops()}
    arrays: dict[str, NDArray[Any]] = {}
    for layer in architecture.layers:
        if not layer.variables:
            continue
        is_head = layer is architecture.logits_layer
        add = nodes[LOGITS] if is_head else _source(nodes[layer.name], 0, "Add")
        product = _source(add, 0, "MatMul" if is_head else "Convolution")
        floats = _source(product, 1, "Multiply")
        kernel = _values(_source(floats, 0, "Convert"), 0)
        arrays[f"{layer.name}/weights"] = kernel[None, None] if is_head else kernel.transpose(2, 3, 1, 0)
        arrays[f"{layer.name}/scale"] = _values(floats, 1).ravel()
        arrays[f"{layer.name}/biases"] = _values(add, 1).ravel()
    for name in rounded(architecture):
        low, high, *same = (_values(nodes[f"{name}/fq_output_0"], index) for index in (1, 2, 3, 4))
        if not np.array_equal([low, high], same):
            raise ValueError(f"{name} is rounded to other values")
        arrays[f"{name}/range"] = np.array([low.item(), high.item()], np.float32)
    return arrays


def _source(node: ov.Node, index: int, kind: str) -> ov.Node:
    source = node.input_value(index).get_node()
    if source.get_type_name() != kind:
        raise ValueError(
            f"{source.get_friendly_name()} is of type {source.get_type_name()} instead of {kind}"
        )
    return source


def _values(node: ov.Node, index: int) -> NDArray[Any]:
    return np.array(_source(node, index, "Constant").get_data())


def _logits(graph: ov.Model, images: NDArray[np.float32]) -> NDArray[np.float32]:
    compiled = CORE.compile_model(graph, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    return np.array(compiled([images])[0])


def _unknown(reason: object) -> str:
    return (
        f"NNCF {nncf.__version__} quantizes in a way that is not known here ({reason}); install the version "
        "that this package was released with: pip install 'nncf<4'."
    )
