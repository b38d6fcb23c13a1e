"""Model repositories: their folders, and configurations as OpenVINO Model Server and Triton take them."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import openvino
import pytest
from helpers.exports import SIZE, compare_one_shape

from inception_hub import bundle
from inception_hub.errors import OutputError
from inception_hub.formats import export_bundle
from inception_hub.formats.options import Options
from inception_hub.formats.serving import Served, Tensor, configure, model_name, version_folder

ONNX = """\
name: "small"
backend: "onnxruntime"
default_model_filename: "model.onnx"
max_batch_size: 32
input {
  name: "images"
  data_type: TYPE_FP32
  dims: [ 64, 96, 3 ]
}
output {
  name: "feature_vector"
  data_type: TYPE_FP32
  dims: [ 256 ]
}
output {
  name: "logits"
  data_type: TYPE_FP32
  dims: [ 10 ]
  label_filename: "labels.txt"
}
output {
  name: "evidence"
  data_type: TYPE_FP32
  dims: [ 2, 3, 10 ]
}
dynamic_batching { }
"""
OPENVINO = """\
name: "small"
backend: "openvino"
default_model_filename: "inception_v2.xml"
max_batch_size: 0
input {
  name: "images"
  data_type: TYPE_UINT8
  dims: [ 2, -1, -1, 3 ]
}
output {
  name: "feature_vector"
  data_type: TYPE_FP32
  dims: [ 2, 256 ]
}
output {
  name: "probabilities"
  data_type: TYPE_FP32
  dims: [ 2, 3 ]
}
output {
  name: "indices"
  data_type: TYPE_INT64
  dims: [ 2, 3 ]
}
"""


def files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    "to, options, model, configuration",
    [
        ("onnx", Options(size=(64, 96), evidence=True), {"model.onnx"}, ONNX),
        (
            "openvino",
            Options(batch=2, photos=True, top=3),
            {"inception_v2.xml", "inception_v2.bin"},
            OPENVINO,
        ),
    ],
)
def test_triton(
    small_module: Path,
    tmp_path: Path,
    to: str,
    options: Options,
    model: set[str],
    configuration: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    out = tmp_path / "models"
    compare_one_shape(monkeypatch)
    export_bundle(bundle.read(small_module), to, out, options=replace(options, server="triton"))
    versions = {f"small/1/{name}" for name in model}
    assert files(out) == {"small/config.pbtxt", "small/labels.txt", *versions}
    assert (out / "small" / "labels.txt").read_text() == "".join(f"{label}\n" for label in "abcdefghij")
    text = (out / "small" / "config.pbtxt").read_text()
    assert text == configuration
    parsed = parse(text)
    assert f"small/1/{parsed.default_model_filename}" in versions
    assert parsed.max_batch_size == (32 if to == "onnx" else 0)
    assert [3 in tensor.dims for tensor in parsed.input] == [True]


def parse(text: str) -> Any:
    """Triton's own `ModelConfig`."""
    schema = pytest.importorskip("tritonclient.grpc.model_config_pb2")
    from google.protobuf import text_format

    return text_format.Parse(text, schema.ModelConfig())


@pytest.mark.parametrize("to", ["onnx", "openvino"])
def test_openvino_model_server(small_module: Path, tmp_path: Path, to: str) -> None:
    source, out = bundle.read(small_module), tmp_path / "models"
    export_bundle(source, to, out, options=Options(size=(64, 64), server="ovms"))
    (model,) = json.loads((out / "config.json").read_text())["model_config_list"]
    assert model == {
        "config": {
            "name": "small",
            "base_path": "small",  # relative to the configuration
            "plugin_config": {"INFERENCE_PRECISION_HINT": "f32"},
        }
    }
    version = out / model["config"]["base_path"] / "1"
    wanted = {"model.onnx"} if to == "onnx" else {"inception_v2.xml", "inception_v2.bin"}
    assert files(out) == {"config.json", *(f"small/1/{name}" for name in wanted)}
    graph = openvino.Core().read_model(next(path for path in version.iterdir() if path.suffix != ".bin"))
    compiled = openvino.Core().compile_model(graph, "CPU", model["config"]["plugin_config"])
    assert [port.get_any_name() for port in compiled.inputs] == ["images"]


@pytest.mark.parametrize("backend, batch", [("onnxruntime", 32), ("openvino", 0)])
def test_triton_puts_requests_together_for_onnx_runtime_only(
    small_module: Path, tmp_path: Path, backend: Any, batch: int
) -> None:
    tensors = [Tensor("images", np.dtype(np.uint8), (-1, 8, 8, 3))]
    source = bundle.read(small_module)
    version_folder(tmp_path, source)
    configure("triton", tmp_path, source, Served(backend, "model", tensors, []))
    parsed = parse((tmp_path / "small" / "config.pbtxt").read_text())
    assert parsed.max_batch_size == batch and parsed.HasField("dynamic_batching") == bool(batch)
    assert list(parsed.input[0].dims) == ([8, 8, 3] if batch else [-1, 8, 8, 3])


def test_a_module_without_classes_has_no_labels(small_module: Path, tmp_path: Path) -> None:
    options = Options(size=(64, 64), server="triton")
    export_bundle(bundle.read(small_module).without_head(), "onnx", tmp_path / "out", options=options)
    assert files(tmp_path / "out") == {"small/config.pbtxt", "small/1/model.onnx"}
    assert "label" not in (tmp_path / "out" / "small" / "config.pbtxt").read_text()


def test_a_repository_of_others_is_left(small_module: Path, tmp_path: Path) -> None:
    source, out, options = bundle.read(small_module), tmp_path / "out", replace(SIZE, server="ovms")
    export_bundle(source, "onnx", out, options=options)
    (out / "another").mkdir()
    with pytest.raises(OutputError, match="also holds another, which would be lost"):
        export_bundle(source, "onnx", out, force=True, options=options)


@pytest.mark.parametrize(
    "name, expected",
    [
        ("tiny_imagenet", "tiny_imagenet"),
        ("https://x/google/imagenet/3", "https_x_google_imagenet_3"),
        ("../..", "inception_v2"),
        ('a"b\nc', "a_b_c"),
        ("花", "inception_v2"),
        ("x" * 999, "x" * 100),
    ],
)
def test_names_are_fit_for_folders_and_addresses(small_module: Path, name: str, expected: str) -> None:
    assert model_name(replace(bundle.read(small_module), name=name)) == expected
