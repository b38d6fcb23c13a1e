"""`onnx`: an ONNX model over TF-Slim's own variables, for ONNX Runtime and whatever else reads the format.

Kernels and batch norms stand in the file as they are trained, initialisers under TF-Slim's names, so that
they come back bit for bit; runtimes fold them when they load it. In half precision and in int8 they are
folded, and cannot be read back. Field numbers are those of onnx/onnx.proto.
"""

import math
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..architecture import SCOPE
from ..bundle import Bundle
from ..errors import FormatError
from .comparison import Check, Outputs
from .exported import Exported, from_metadata
from .layouts import from_oihw
from .named_outputs import IMAGES, compare_outputs
from .onnx_graph import FLOAT, FLOAT16
from .onnx_network import model
from .openvino import int8_reference
from .options import Options
from .serving import Served, Tensor
from .tensorflow.files import naming, read_bounded, reading
from .tensorflow.protobuf import EMPTY, MAX_VARINT_BYTES, chunk, fields, packed_varints, text, unsigned
from .tensorflow.tensor import MAX_RANK

STORED_DTYPES = {FLOAT: np.dtype("<f4"), FLOAT16: np.dtype("<f2")}
# Relative errors that rounding explains: 2.5e-3 was seen of float16, which has 11 bits; 4.7e-2 of int8, where
# a value at the edge of two steps falls to either by how a runtime adds (float32 is 4e-1 away).
FP16_TOLERANCE, INT8_TOLERANCE = 1e-2, 1e-1
MAX_NODES = 2_000  # and constants: our int8 graphs have some 1,000
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
        raise FormatError(
            f"{path} holds no weights under {SCOPE}/, as our exports without --int8 and --fp16 have them; "
            "give such an export, or the module it was made from."
        )
    return from_metadata(weights, properties)


def _read_initializers(graph: memoryview) -> dict[str, NDArray[np.generic]]:
    """GraphProto."""
    arrays: dict[str, NDArray[np.generic]] = {}
    for number, value in fields(graph, MAX_NODES):
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
    return name, from_oihw(name, np.frombuffer(raw, stored).reshape(shape))


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

    made = model(bundle, options)
    onnx.checker.check_model(made, full_check=True)
    path.write_bytes(made.SerializeToString())


def check(bundle: Bundle, path: Path, options: Options) -> Check:
    """Runs it in ONNX Runtime; int8 is compared with the module's int8 graph on OpenVINO, else float32."""
    import onnxruntime

    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]

    def compute(images: Any) -> Outputs:
        outputs = session.run(names, {IMAGES: images})
        return {name: np.asarray(output) for name, output in zip(names, outputs, strict=True)}

    loader = f"onnxruntime {onnxruntime.__version__}"
    if options.int8:
        return compare_outputs(
            bundle, compute, loader, options, int8_reference(bundle, options), INT8_TOLERANCE
        )
    if options.fp16:
        return compare_outputs(bundle, compute, loader, options, tolerance=FP16_TOLERANCE)
    return compare_outputs(bundle, compute, loader, options)


def place(folder: Path) -> Path:
    """The file's path in a version folder, which is made."""
    folder.mkdir()
    return folder / "model.onnx"


def served(path: Path) -> Served:
    """The inputs and outputs that the file has."""
    import onnx

    def tensor(value: "onnx.ValueInfoProto") -> Tensor:
        kind = value.type.tensor_type
        shape = tuple(-1 if axis.dim_param else axis.dim_value for axis in kind.shape.dim)
        return Tensor(value.name, onnx.helper.tensor_dtype_to_np_dtype(kind.elem_type), shape)

    graph = onnx.load(path).graph
    return Served("onnxruntime", path.name, [*map(tensor, graph.input)], [*map(tensor, graph.output)])
