"""`openvino`: a directory with OpenVINO's IR, `inception_v2.xml` and `inception_v2.bin`.

The graph our own engine runs, batch norm folded, or the module's int8 graph as `quantize` made it. It cannot
be read back: what is folded cannot be taken apart again.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .. import architecture
from ..bundle import Bundle
from ..errors import OutputError
from ..system.text import printable
from .comparison import Check, Outputs
from .exported import metadata
from .named_outputs import (
    EVIDENCE,
    FEATURES,
    IMAGES,
    INDICES,
    LOGITS,
    PROBABILITIES,
    compare_outputs,
)
from .options import Options
from .serving import Served, Tensor

if TYPE_CHECKING:
    import openvino as ov

    from ..engines.openvino_graph import Parts

GRAPH = "inception_v2.xml"
# A value at the edge of two steps may fall to either, by how a graph is compiled: 2e-3 was seen; float32 is
# some 1e-1 away.
INT8_TOLERANCE = 1e-2


def write(bundle: Bundle, path: Path, options: Options) -> None:
    """Both files; `rt_info` holds the metadata."""
    import openvino as ov

    head = (architecture.LOGITS,) if bundle.architecture.num_classes else ()
    whole = _network(bundle, options, (architecture.FEATURE_MAP, architecture.GLOBAL_POOL, *head))
    graph = _with_named_outputs(whole, bundle, options)
    height, width = options.size or (-1, -1)
    graph.reshape([options.batch or -1, height, width, 3])
    if options.photos:
        graph = _with_uint8_images(graph)
    for key, value in metadata(bundle).items():
        graph.set_rt_info(value, ["inception_hub", key])
    path.mkdir()
    with _as_output_error(path):
        ov.save_model(graph, path / GRAPH, compress_to_fp16=False)


def check(bundle: Bundle, path: Path, options: Options) -> Check:
    """Runs it on the CPU; int8 is compared with the module's own int8 graph, which passed on photos."""
    import openvino as ov

    from ..engines.openvino_core import CORE

    loader = f"openvino {ov.__version__.split('-')[0]}"
    with _as_output_error(path):  # OpenVINO does not notice a last write that fails
        graph = CORE.read_model(path / GRAPH)
    compute = _compiled(graph, [output.get_any_name() for output in graph.outputs])
    if options.int8:
        return compare_outputs(
            bundle, compute, loader, options, int8_reference(bundle, options), INT8_TOLERANCE
        )
    return compare_outputs(bundle, compute, loader, options)


def int8_reference(bundle: Bundle, options: Options) -> Callable[[NDArray[np.float32]], Outputs]:
    """A function that computes, on OpenVINO, the endpoints which exports of the int8 graph are held to."""
    names = (
        architecture.FEATURE_MAP,
        architecture.GLOBAL_POOL,
        architecture.LOGITS,
        architecture.PREDICTIONS,
    )
    network = _network(bundle, options, names)
    if not options.photos:
        return _compiled(network, names)
    # Scaled within the graph too: pixels lie at the edges of int8's steps, where one rounding more decides.
    own = _compiled(_with_uint8_images(network), names)

    def expect(images: NDArray[np.float32]) -> Outputs:
        return own(np.rint(images * 255).astype(np.uint8))

    return expect


def is_graph(path: Path) -> bool:
    """Whether `path` is a graph of OpenVINO's, its `.xml` or `.bin`, or a directory that `write` made."""
    if path.is_dir():
        return (path / GRAPH).is_file()
    return path.suffix in (".xml", ".bin") and all(
        path.with_suffix(end).is_file() for end in (".xml", ".bin")
    )


def place(folder: Path) -> Path:
    """The directory itself is the version folder."""
    return folder


def served(path: Path) -> Served:
    """The inputs and outputs that the graph has."""
    from ..engines.openvino_core import CORE

    def tensor(port: "ov.Output") -> Tensor:
        shape = tuple(-1 if axis.is_dynamic else axis.get_length() for axis in port.get_partial_shape())
        return Tensor(port.get_any_name(), np.dtype(port.get_element_type().to_dtype()), shape)

    graph = CORE.read_model(path / GRAPH)
    return Served("openvino", GRAPH, [*map(tensor, graph.inputs)], [*map(tensor, graph.outputs)])


@contextmanager
def _as_output_error(path: Path) -> Iterator[None]:
    """Raises `OutputError` for what OpenVINO raises where its files cannot be written, or are not whole."""
    try:
        yield
    except RuntimeError as error:
        reason = printable(" ".join(str(error).split()))[:200]
        raise OutputError(
            f"{path.name} cannot be written and read back by OpenVINO ({reason}); make room, or choose a "
            "folder that can be written."
        ) from error


def _with_uint8_images(graph: "ov.Model") -> "ov.Model":
    """`graph` with images of uint8, 0 to 255, which it scales itself."""
    import openvino as ov
    from openvino.preprocess import PrePostProcessor

    processor = PrePostProcessor(graph)
    processor.input().tensor().set_element_type(ov.Type.u8)
    processor.input().preprocess().convert_element_type(ov.Type.f32).scale(255.0)
    return processor.build()


def _network(bundle: Bundle, options: Options, ends: Sequence[str]) -> "ov.Model":
    from ..engines.openvino_graph import build

    return build(bundle.architecture, _parts(bundle, options), -1, -1, ends)


def _parts(bundle: Bundle, options: Options) -> "Parts":
    from ..engines.openvino_graph import float_parts, int8_parts

    if options.int8 and bundle.int8 is not None:
        return int8_parts(bundle.architecture, bundle.int8)
    return float_parts(bundle.architecture, bundle.weights)


def _with_named_outputs(whole: "ov.Model", bundle: Bundle, options: Options) -> "ov.Model":
    """Only the outputs asked for, under their short names."""
    import openvino.opset13 as op

    from ..engines.openvino_graph import model

    ends = {name: output.get_node().input_value(0) for output in whole.outputs for name in output.get_names()}
    outputs = {FEATURES: op.squeeze(ends[architecture.GLOBAL_POOL], np.array([1, 2])).output(0)}
    if architecture.LOGITS in ends:
        outputs[LOGITS] = ends[architecture.LOGITS]
    if options.top:
        every = op.softmax(outputs.pop(LOGITS), 1)
        best = op.topk(every, np.int64(options.top), 1, "max", "value", index_element_type="i64")
        outputs |= {PROBABILITIES: best.output(0), INDICES: best.output(1)}
    if options.evidence:
        head = _parts(bundle, options).layers[architecture.LOGITS_LAYER]
        kernel = replace(head, kernel=head.kernel[0, 0]).oriented(0, 1)
        outputs[EVIDENCE] = op.matmul(ends[architecture.FEATURE_MAP], kernel, False, False).output(0)
    for name, output in outputs.items():
        output.set_names({name})
    return model([op.result(output) for output in outputs.values()], whole.get_parameters())


def _compiled(graph: "ov.Model", names: Iterable[str]) -> Callable[[Any], Outputs]:
    from ..engines.openvino_core import CORE

    compiled = CORE.compile_model(graph, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})

    def compute(images: Any) -> Outputs:
        outputs = compiled({IMAGES: images})
        return {name: np.array(outputs[name]) for name in names}

    return compute
