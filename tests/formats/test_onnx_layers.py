"""ONNX in half precision and in int8: outputs, what is stored, and that int8 computes with integers."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import skimage
from helpers.exports import SIZE

import inception_hub as hub
from inception_hub import bundle, load_module_spec
from inception_hub.errors import ExportError, FormatError
from inception_hub.formats import export_bundle
from inception_hub.formats.onnx import write
from inception_hub.formats.onnx_graph import Graph
from inception_hub.formats.onnx_layers import Int8Layers
from inception_hub.formats.options import Options
from inception_hub.inference.predictions import probabilities


def session(path: Path, optimised: Path | None = None) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3  # it warns that an optimised file is for this machine only
    if optimised:
        options.optimized_model_filepath = str(optimised)
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def crops() -> np.ndarray:
    photos = [getattr(skimage.data, name)() for name in ("astronaut", "coffee", "chelsea", "rocket")]
    return np.stack(
        [photo[y : y + 128, x : x + 128] for photo in photos for y in (0, 80, 160) for x in (9, 200)]
    )


def test_int8_predicts_as_int8_on_openvino(tmp_path: Path) -> None:
    path, optimised = tmp_path / "out.onnx", tmp_path / "optimised.onnx"
    options = Options(int8=True)
    check = export_bundle(load_module_spec("tiny_imagenet").bundle, "onnx", path, options=options)
    assert check.error < 5e-2 and path.stat().st_size < 11e6
    images = crops() / np.float32(255)
    (logits,) = session(path, optimised).run(["logits"], {"images": images})
    ours = hub.Module("tiny_imagenet", precision="int8")(images)
    assert (logits.argmax(1) == ours.argmax(1)).mean() > 0.95
    assert np.abs(probabilities(logits) - probabilities(ours)).max() < 0.05
    kinds = Counter(node.op_type for node in onnx.load(optimised).graph.node)
    assert kinds["QLinearConv"] == 69 and kinds["QGemm"] == 1 and not kinds["Conv"] + kinds["Relu"]
    with pytest.raises(FormatError, match="holds no weights under InceptionV2/, as our exports without"):
        load_module_spec(path)


def test_int8_that_answers_otherwise_is_refused(tmp_path: Path) -> None:
    source = load_module_spec("tiny_imagenet").bundle
    assert source.int8 is not None
    name = "InceptionV2/Conv2d_2c_3x3"
    # Steps without one at zero, which ONNX cannot express.
    off = replace(source, int8={**source.int8, f"{name}/range": np.array([0.3, 2.3], np.float32)})
    with pytest.raises(ExportError, match="answers otherwise than the module"):
        export_bundle(off, "onnx", tmp_path / "out.onnx", options=replace(SIZE, int8=True))
    assert not (tmp_path / "out.onnx").exists()


def test_a_bias_that_int32_cannot_hold() -> None:
    name = "InceptionV2/Conv2d_2b_1x1"
    layer = next(each for each in hub.architecture.Architecture(0.25, 0).layers if each.name == name)
    scale = np.full(layer.out_channels, 0.01, np.float32)
    scale[3] = 1e-12
    kernel = np.full((1, 1, layer.in_channels, layer.out_channels), 100, np.int8)
    int8 = {
        "scaled_images/range": np.array([0, 2.55], np.float32),
        f"{name}/weights": kernel,
        f"{name}/scale": scale,
        f"{name}/biases": np.full(layer.out_channels, -1.5, np.float32),
    }
    graph = Graph()
    layers = Int8Layers(graph, int8)
    layers.convolved(layer, layers.images("x"), {})
    made = {key.removeprefix(f"folded/{name}/"): array for key, array in graph.constants.items()}
    biases = made["biases"].astype(np.float64) * made["biases/scale"]
    assert np.allclose(biases, -1.5, rtol=1e-4) and np.array_equal(
        made["weights"][0], kernel[0, 0, :, :1, None]
    )


def test_half_precision(small_module: Path, tmp_path: Path) -> None:
    source, path = bundle.read(small_module), tmp_path / "out.onnx"
    single = tmp_path / "single.onnx"
    write(source, single, SIZE)
    assert export_bundle(source, "onnx", path, options=replace(SIZE, fp16=True)).error < 5e-3
    assert path.stat().st_size < 0.6 * single.stat().st_size
    kernels = [each for each in onnx.load(path).graph.initializer if each.name.startswith("folded/")]
    assert len(kernels) == 140 and {each.data_type for each in kernels} == {onnx.TensorProto.FLOAT16}
    assert export_bundle(
        source.without_head(), "onnx", tmp_path / "headless.onnx", options=replace(SIZE, fp16=True)
    )
