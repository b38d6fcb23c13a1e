"""`onnx`: an ONNX model over TF-Slim's own variables, for ONNX Runtime and whatever else reads the format.

Nothing is folded here: kernels and batch norms stand in the file as they are trained, initialisers under
TF-Slim's names, so that they come back bit for bit; runtimes fold constants when they load it. Field numbers
are those of onnx/onnx.proto.
"""

import math
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..architecture import BATCH_NORM_EPSILON, SCOPE, Layer
from ..bundle import Bundle
from ..errors import FormatError
from .comparison import Check, Outputs
from .exported import Exported, from_metadata, metadata
from .named_outputs import FEATURES, IMAGES, INDICES, LOGITS, PROBABILITIES, compare_outputs
from .options import Options
from .tensorflow.files import naming, read_bounded, reading
from .tensorflow.protobuf import EMPTY, MAX_VARINT_BYTES, chunk, fields, packed_varints, text, unsigned
from .tensorflow.tensor import MAX_RANK

if TYPE_CHECKING:
    import onnx

OPSET, IR_VERSION = 17, 8  # of 2022: read by ONNX Runtime 1.12, OpenVINO 2023 and later
FLOAT, UINT8, INT64, FLOAT16 = 1, 2, 7, 10  # TensorProto.DataType
STORED_DTYPES = {FLOAT: np.dtype("<f4"), FLOAT16: np.dtype("<f2")}
MAX_BYTES = 2 << 30  # what a protocol buffer can hold


def matches(path: Path) -> bool:
    """Whether the name says so: the bytes of the format begin like those of many others."""
    return path.suffix == ".onnx" and path.is_file()


def files(path: Path) -> dict[str, Path]:
    """The file itself."""
    return {path.name: path}


def read(path: Path) -> Exported:
    """Every initialiser under TF-Slim's scope, and the metadata.

    Raises `FormatError` for a file that is damaged, or holds no such initialiser: of a network that was
    folded, say.
    """
    with reading(path), naming(path):
        model = memoryview(read_bounded(path, MAX_BYTES))
        weights: dict[str, NDArray[np.generic]] = {}
        properties: dict[str, str] = {}
        for number, value in fields(model):
            if number == 7:
                weights |= _read_initializers(chunk(value))
            elif number == 14:
                entry = dict(fields(chunk(value)))
                properties[_read_text(entry.get(1))] = _read_text(entry.get(2))
        if not weights:
            raise FormatError(f"there are no weights under {SCOPE}/, as our own exports have them,")
    return from_metadata(weights, properties)


def _read_initializers(graph: memoryview) -> dict[str, NDArray[np.generic]]:
    """GraphProto."""
    arrays: dict[str, NDArray[np.generic]] = {}
    for number, value in fields(graph):
        if number == 5:
            name, array = _read_tensor(chunk(value))
            if array is not None:
                arrays[name] = array
    return arrays


def _read_tensor(message: memoryview) -> tuple[str, NDArray[np.generic] | None]:
    """TensorProto: its name and, under TF-Slim's scope, its values."""
    shape: list[int] = []
    name, dtype, raw = "", 0, EMPTY
    for number, value in fields(message):
        if number == 1:
            shape += [value] if isinstance(value, int) else _read_packed(value)
        elif number == 2:
            dtype = unsigned(value)
        elif number == 8:
            name = text(value)
        elif number == 9:
            raw = chunk(value)
    if not name.startswith(f"{SCOPE}/"):
        return name, None
    stored = STORED_DTYPES.get(dtype)
    if (
        stored is None
        or len(shape) > MAX_RANK
        or 0 in shape
        or math.prod(shape) * stored.itemsize != len(raw)
    ):
        raise FormatError(f"{name} is not stored as our exports store it")
    return name, np.frombuffer(raw, stored).reshape(shape)


def _read_packed(sizes: memoryview) -> list[int]:
    if len(sizes) > MAX_RANK * MAX_VARINT_BYTES:
        raise FormatError(f"a shape of more than {MAX_RANK} dimensions")
    return [int(size) for part in packed_varints(sizes) for size in part]


def _read_text(value: int | memoryview | None) -> str:
    try:
        return str(chunk(value), "utf-8") if value is not None else ""
    except UnicodeDecodeError as error:
        raise FormatError("metadata is not valid UTF-8") from error


def write(bundle: Bundle, path: Path, options: Options) -> None:
    """The file, once ONNX's own checker accepts it."""
    import onnx

    model = Builder(bundle, options).model()
    onnx.checker.check_model(model, full_check=True)
    path.write_bytes(model.SerializeToString())


def check(bundle: Bundle, path: Path, options: Options) -> Check:
    """Runs it in ONNX Runtime."""
    import onnxruntime

    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]

    def compute(images: Any) -> Outputs:
        outputs = session.run(names, {IMAGES: images})
        return {name: np.asarray(output) for name, output in zip(names, outputs, strict=True)}

    return compare_outputs(bundle, compute, f"onnxruntime {onnxruntime.__version__}", options)


class Builder:
    """Nodes and constants of a graph in the making."""

    def __init__(self, bundle: Bundle, options: Options) -> None:
        self.bundle, self.options = bundle, options
        self.nodes: list[onnx.NodeProto] = []
        self.constants = {name: np.asarray(array) for name, array in bundle.weights.items()}
        self._numbers = count()

    def model(self) -> "onnx.ModelProto":
        """Images NHWC in, logits (or the best classes) and the feature vector out."""
        from onnx import helper, numpy_helper

        options, architecture = self.options, self.bundle.architecture
        batch, dtype = options.batch or "batch", UINT8 if options.photos else FLOAT
        height, width = options.size or ("height", "width")
        outputs = self._outputs(self._network(self._scaled()))
        graph = helper.make_graph(
            self.nodes,
            SCOPE,
            [helper.make_tensor_value_info(IMAGES, dtype, [batch, height, width, 3])],
            [helper.make_tensor_value_info(n, dtype, [batch, size]) for n, (dtype, size) in outputs.items()],
            [numpy_helper.from_array(array, name) for name, array in self.constants.items()],
            f"Inception V2, depth multiplier {architecture.depth_multiplier:g}",
        )
        opsets = [helper.make_opsetid("", OPSET)]
        model = helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION)
        model.producer_name = "inception-hub"
        helper.set_model_props(model, metadata(self.bundle))
        return model

    def _scaled(self) -> str:
        """[0, 1], or uint8, to [-1, 1], channels first."""
        x, scale = IMAGES, 2.0
        if self.options.photos:
            x, scale = self._add("Cast", [x], to=FLOAT), 2.0 / 255
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

    def _outputs(self, x: str) -> dict[str, tuple[int, int]]:
        """dtype and width of every output by name."""
        architecture = self.bundle.architecture
        self._add("Flatten", [self._add("GlobalAveragePool", [x])], name=FEATURES)
        outputs = {FEATURES: (FLOAT, architecture.num_features)}
        if head := architecture.logits_layer:
            kernel = self._add("Squeeze", [head.weights, self._constant(np.array([0, 1]))])
            self._add("Gemm", [FEATURES, kernel, head.biases], name=LOGITS)
            if top := self.options.top:
                every = self._add("Softmax", [LOGITS], axis=1)
                self._add("TopK", [every, self._constant(np.array([top]))], name=(PROBABILITIES, INDICES))
                outputs |= {INDICES: (INT64, top), PROBABILITIES: (FLOAT, top)}
            else:
                outputs[LOGITS] = FLOAT, architecture.num_classes
        return outputs

    def _kernel(self, name: str) -> str:
        return self._add("Transpose", [name], perm=[3, 2, 0, 1])

    def _constant(self, value: Any, name: str | None = None) -> str:
        name = name or f"constant_{next(self._numbers)}"
        self.constants[name] = np.asarray(value)
        return name

    def _add(
        self, op: str, inputs: list[str], *, name: str | tuple[str, ...] | None = None, **attributes: Any
    ) -> str:
        from onnx import helper

        outputs = (name,) if isinstance(name, str) else name or (f"{op.lower()}_{next(self._numbers)}",)
        self.nodes.append(helper.make_node(op, inputs, list(outputs), **attributes))
        return outputs[0]
