"""The table as an ONNX graph: images in, named outputs out; `onnx_layers` has the layers with weights."""

from typing import TYPE_CHECKING

import numpy as np

from ..architecture import FEATURE_MAP, SCOPE, Architecture, Layer
from ..bundle import Bundle
from .exported import metadata
from .named_outputs import EVIDENCE, FEATURES, IMAGES, INDICES, LOGITS, PROBABILITIES
from .onnx_graph import FLOAT, INT64, UINT8, Graph
from .onnx_layers import Layers, layers_of
from .options import Options

if TYPE_CHECKING:
    import onnx

OPSET, IR_VERSION = 17, 8  # of 2022: read by ONNX Runtime 1.12, OpenVINO 2023 and later


def model(bundle: Bundle, options: Options) -> "onnx.ModelProto":
    """Images NHWC in, logits (or the best classes) and the feature vector out."""
    from onnx import helper, numpy_helper

    batch, dtype = options.batch or "batch", UINT8 if options.photos else FLOAT
    height, width = options.size or ("height", "width")
    graph = Graph()
    layers = layers_of(graph, bundle, options)
    feature_map = _network(graph, layers, bundle.architecture, layers.images(_scaled(graph, options)))
    outputs = _outputs(graph, layers, bundle.architecture, options, feature_map)
    network = helper.make_graph(
        graph.nodes,
        SCOPE,
        [helper.make_tensor_value_info(IMAGES, dtype, [batch, height, width, 3])],
        [helper.make_tensor_value_info(n, dtype, [batch, *shape]) for n, (dtype, shape) in outputs.items()],
        [numpy_helper.from_array(array, name) for name, array in graph.constants.items()],
        f"Inception V2, depth multiplier {bundle.architecture.depth_multiplier:g}",
    )
    opsets = [helper.make_opsetid("", OPSET)]
    made = helper.make_model(network, opset_imports=opsets, ir_version=IR_VERSION)
    made.producer_name = "inception-hub"
    helper.set_model_props(made, metadata(bundle))
    return made


def _scaled(graph: Graph, options: Options) -> str:
    """[0, 1], or uint8, to [-1, 1], channels first."""
    x, scale = IMAGES, 2.0
    if options.photos:
        x, scale = graph.add("Cast", [x], to=FLOAT), 2.0 / 255
    x = graph.add("Mul", [x, graph.constant(np.float32(scale))])
    x = graph.add("Sub", [x, graph.constant(np.float32(1))])
    return graph.add("Transpose", [x], perm=[0, 3, 1, 2])


def _network(graph: Graph, layers: Layers, architecture: Architecture, x: str) -> str:
    """The last feature map, NCHW."""
    for block in architecture.blocks:
        ends = [_branch(graph, layers, branch, x) for branch in block.branches]
        if len(ends) == 1:
            (x,) = ends
        else:
            x = layers.like(ends, graph.add("Concat", ends, name=block.name, axis=1))
    return x


def _branch(graph: Graph, layers: Layers, branch: tuple[Layer, ...], x: str) -> str:
    for layer in branch:
        window = {"kernel_shape": [layer.kernel] * 2, "strides": [layer.stride] * 2, "auto_pad": "SAME_UPPER"}
        if layer.op == "max_pool":
            x = layers.like([x], graph.add("MaxPool", [x], name=layer.name, **window))
        elif layer.op == "avg_pool":
            x = layers.ended(layer, graph.add("AveragePool", [x], name=layer.name, **window))
        else:
            x = layers.ended(layer, graph.add("Relu", [layers.convolved(layer, x, window)], name=layer.name))
    return x


def _outputs(
    graph: Graph, layers: Layers, architecture: Architecture, options: Options, feature_map: str
) -> dict[str, tuple[int, tuple[int | str, ...]]]:
    """dtype and shape without the batch of every output by name."""
    pooled = graph.add("Flatten", [graph.add("GlobalAveragePool", [feature_map])])
    layers.output(pooled, FEATURES)
    outputs: dict[str, tuple[int, tuple[int | str, ...]]] = {FEATURES: (FLOAT, (architecture.num_features,))}
    if not architecture.num_classes:
        return outputs
    layers.output(layers.logits(pooled), LOGITS)
    if top := options.top:
        every = graph.add("Softmax", [LOGITS], axis=1)
        graph.add("TopK", [every, graph.constant(np.array([top]))], name=(PROBABILITIES, INDICES))
        outputs |= {INDICES: (INT64, (top,)), PROBABILITIES: (FLOAT, (top,))}
    else:
        outputs[LOGITS] = FLOAT, (architecture.num_classes,)
    if options.evidence:
        last = graph.add("Transpose", [feature_map], perm=[0, 2, 3, 1])
        layers.output(graph.add("MatMul", [last, layers.head_kernel]), EVIDENCE)
        places = architecture.endpoint_shapes(*options.size)[FEATURE_MAP][:2] if options.size else ()
        outputs[EVIDENCE] = FLOAT, (*(places or ("rows", "columns")), architecture.num_classes)
    return outputs
