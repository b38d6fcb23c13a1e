"""LiteRT models: float32 and int8 in its interpreter, and that int8 computes with integers."""

import zipfile
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from helpers.cases import images_from_seed
from helpers.exports import SIZE

import inception_hub as hub
from inception_hub import bundle, load_module_spec
from inception_hub.errors import ArgumentError
from inception_hub.formats import export_bundle
from inception_hub.formats.comparison import relative_error
from inception_hub.formats.converting import converting
from inception_hub.formats.options import Options


def test_options_that_it_does_not_take(small_module: Path, tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match="litert does not take fp16; its options: batch, int8, size"):
        export_bundle(
            bundle.read(small_module), "litert", tmp_path / "out.tflite", options=Options(fp16=True)
        )


@pytest.mark.exports
def test_the_interpreter_computes_what_the_module_does(small_module: Path, tmp_path: Path) -> None:
    path = tmp_path / "out.tflite"
    check = export_bundle(bundle.read(small_module), "litert", path, options=SIZE)
    assert check.error < 1e-5 and check.loader == "ai-edge-litert 2.3.0"
    images = images_from_seed((2, 33, 50, 3), 3)
    outputs = _interpreter(path).get_signature_runner()(images=images)
    assert sorted(outputs) == ["feature_vector", "logits"]
    assert relative_error(outputs["logits"], hub.Module(small_module)(images)) < 1e-5
    with zipfile.ZipFile(path) as archive:
        assert archive.read("labels.txt") == b"a\nb\nc\nd\ne\nf\ng\nh\ni\nj\n"


@pytest.mark.exports
def test_int8_computes_with_integers(tmp_path: Path) -> None:
    path = tmp_path / "out.tflite"
    options = Options(size=(64, 64), batch=1, int8=True)
    check = export_bundle(load_module_spec("tiny_imagenet").bundle, "litert", path, options=options)
    assert check.error < 5e-2 and path.stat().st_size < 12e6
    interpreter = _interpreter(path)
    kinds = Counter(each["op_name"] for each in interpreter._get_ops_details())
    assert kinds["CONV_2D"] == 69 and kinds["FULLY_CONNECTED"] == 1
    kernels = [each for each in interpreter.get_tensor_details() if len(each["shape"]) == 4]
    stored = [each["dtype"] for each in kernels if "quantization" in each and each["shape"][0] > 1]
    assert stored.count(np.int8) >= 69 and np.float32 not in stored


@pytest.mark.exports
def test_a_torch_export_converts(small_module: Path, tmp_path: Path) -> None:
    export_bundle(bundle.read(small_module), "torch", tmp_path / "out.pt2", options=SIZE)
    images = images_from_seed((2, 33, 50, 3), 0)
    with converting("litert-torch"):
        import litert_torch

        program = torch.export.load(tmp_path / "out.pt2").module()
        model = litert_torch.convert(program, (torch.from_numpy(images),))
        outputs = model(images)
    (logits,) = [value for value in _values(outputs) if value.shape == (2, 10)]
    assert relative_error(logits, hub.Module(small_module)(images)) < 1e-5


def _values(outputs: Any) -> list[np.ndarray]:
    return list(outputs.values() if isinstance(outputs, dict) else outputs)


def _interpreter(path: Path) -> Any:
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(str(path))
    interpreter.allocate_tensors()
    return interpreter
