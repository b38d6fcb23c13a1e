"""`onnx`: an ONNX model over Slim's own variables, for ONNX Runtime and whatever else reads the format.

Nothing is folded here: kernels and batch norms stand in the file as they are trained, under Slim's names, so
that they come back bit for bit; runtimes fold constants when they load it.
"""

from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

from ..architecture import BATCH_NORM_EPSILON, SCOPE, Layer
from ..bundle import Bundle
from .comparison import Answers, Check
from .named_outputs import FEATURES, IMAGES, INDICES, LOGITS, PROBABILITIES, compare_answers, metadata
from .options import Options

OPSET, IR_VERSION = 17, 8  # of 2022: read by ONNX Runtime 1.12, OpenVINO 2023 and later


def write(bundle: Bundle, path: Path, options: Options) -> None:
    """The file, once ONNX's own checker is content with it."""
    model = Builder(bundle, options).model()
    onnx.checker.check_model(model, full_check=True)
    path.write_bytes(model.SerializeToString())


def check(bundle: Bundle, path: Path, options: Options) -> Check:
    """Runs it in ONNX Runtime."""
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]

    def answer(images: Any) -> Answers:
        found = session.run(names, {IMAGES: images})
        return {name: np.asarray(value) for name, value in zip(names, found, strict=True)}

    return compare_answers(bundle, answer, f"onnxruntime {onnxruntime.__version__}", options)


class Builder:
    """Nodes and constants of a graph in the making."""

    def __init__(self, bundle: Bundle, options: Options) -> None:
        self.bundle, self.options = bundle, options
        self.nodes: list[onnx.NodeProto] = []
        self.constants = {name: np.asarray(array) for name, array in bundle.weights.items()}
        self._numbers = count()

    def model(self) -> onnx.ModelProto:
        """Images NHWC in, logits (or the best classes) and the feature vector out."""
        options, architecture = self.options, self.bundle.architecture
        height, width = options.size or ("height", "width")
        dtype = TensorProto.UINT8 if options.photos else TensorProto.FLOAT
        shape = [options.batch or "batch", height, width, 3]
        graph = helper.make_graph(
            self.nodes,
            SCOPE,
            [helper.make_tensor_value_info(IMAGES, dtype, shape)],
            self._outputs(self._network(self._scaled())),
            [numpy_helper.from_array(array, name) for name, array in self.constants.items()],
            f"Inception V2, depth multiplier {architecture.depth_multiplier:g}",
        )
        made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)
        made.producer_name = "inception-hub"
        helper.set_model_props(made, metadata(self.bundle))
        return made

    def _scaled(self) -> str:
        """[0, 1], or uint8, to [-1, 1], channels first."""
        x, scale = IMAGES, 2.0
        if self.options.photos:
            x, scale = self._add("Cast", [x], to=TensorProto.FLOAT), 2.0 / 255
        x = self._add("Mul", [x, self._constant(np.float32(scale))])
        x = self._add("Sub", [x, self._constant(np.float32(1))])
        return self._add("Transpose", [x], perm=[0, 3, 1, 2])

    def _network(self, x: str) -> str:
        for block in self.bundle.architecture.blocks:
            ends = []
            for branch in block.branches:
                y = x
                for layer in branch:
                    y = self._layer(layer, y)
                ends.append(y)
            x = ends[0] if len(ends) == 1 else self._add("Concat", ends, name=block.name, axis=1)
        return x

    def _layer(self, layer: Layer, x: str) -> str:
        window = {"kernel_shape": [layer.kernel] * 2, "strides": [layer.stride] * 2, "auto_pad": "SAME_UPPER"}
        if layer.op == "max_pool":
            return self._add("MaxPool", [x], name=layer.name, **window)
        if layer.op == "avg_pool":
            return self._add("AveragePool", [x], name=layer.name, **window)
        if layer.op == "separable_conv":
            # TF's [k, k, in, multiplier] as one group for each input channel.
            kernel = self._add("Transpose", [layer.depthwise_weights], perm=[2, 3, 0, 1])
            shape = self._constant(np.array([-1, 1, layer.kernel, layer.kernel]))
            kernel = self._add("Reshape", [kernel, shape])
            x = self._add("Conv", [x, kernel], group=layer.in_channels, **window)
            x = self._add("Conv", [x, self._kernel(layer.pointwise_weights), layer.biases])
        else:
            x = self._add("Conv", [x, self._kernel(layer.weights)], **window)
            ones = self._constant(np.ones(layer.out_channels, np.float32), f"ones_{layer.out_channels}")
            normal = [ones, layer.beta, layer.moving_mean, layer.moving_variance]
            x = self._add("BatchNormalization", [x, *normal], epsilon=BATCH_NORM_EPSILON)
        return self._add("Relu", [x], name=layer.name)

    def _outputs(self, x: str) -> list[onnx.ValueInfoProto]:
        architecture, batch = self.bundle.architecture, self.options.batch or "batch"
        self._add("Flatten", [self._add("GlobalAveragePool", [x])], name=FEATURES)
        found = {FEATURES: (TensorProto.FLOAT, architecture.num_features)}
        if head := architecture.logits_layer:
            kernel = self._add("Squeeze", [head.weights, self._constant(np.array([0, 1]))])
            self._add("Gemm", [FEATURES, kernel, head.biases], name=LOGITS)
            if top := self.options.top:
                every = self._add("Softmax", [LOGITS], axis=1)
                self._add("TopK", [every, self._constant(np.array([top]))], name=(PROBABILITIES, INDICES))
                found |= {INDICES: (TensorProto.INT64, top), PROBABILITIES: (TensorProto.FLOAT, top)}
            else:
                found[LOGITS] = TensorProto.FLOAT, architecture.num_classes
        return [helper.make_tensor_value_info(n, dtype, [batch, size]) for n, (dtype, size) in found.items()]

    def _kernel(self, name: str) -> str:
        return self._add("Transpose", [name], perm=[3, 2, 0, 1])

    def _constant(self, value: Any, name: str | None = None) -> str:
        name = name or f"constant_{next(self._numbers)}"
        self.constants[name] = np.asarray(value)
        return name

    def _add(
        self, op: str, inputs: list[str], *, name: str | tuple[str, ...] | None = None, **attributes: Any
    ) -> str:
        outputs = (name,) if isinstance(name, str) else name or (f"{op.lower()}_{next(self._numbers)}",)
        self.nodes.append(helper.make_node(op, inputs, list(outputs), **attributes))
        return outputs[0]
