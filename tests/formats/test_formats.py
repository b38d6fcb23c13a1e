"""`export`: what is refused, what is reported, and that only a checked export is kept."""

import sys
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import pytest
from helpers.command import run
from helpers.exports import compare_one_shape

import inception_hub as hub
from inception_hub import bundle
from inception_hub.errors import ArgumentError, ExportError
from inception_hub.formats import FORMATS, export_bundle


def test_trained_weights_are_what_is_exported(
    small_module: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compare_one_shape(monkeypatch)
    module = hub.Module(small_module, trainable=True)
    module.trainable_variables[0].data.fill_(0.5)
    name = min(n for n, v in module.architecture.variables.items() if v.trainable)
    hub.export(module, tmp_path / "trained", to="module")
    assert (bundle.read(tmp_path / "trained").weights[name] == 0.5).all()


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["--to", "caffe"], "The format is 'caffe'; give one of module, tf1-hub, "),
        (
            ["--to", "module", "--photos", "--top", 3],
            "The format module does not take photos, top; its options: none",
        ),
        (["--to", "onnx", "--batch", 0], "--batch is '0'; give 1 or more"),
        (["--to", "onnx", "--size", "0x5"], "--size is '0x5'; give height x width in pixels"),
        (["--to", "onnx", "--top", 11], "top is 11 and small has 10 classes"),
        (["--to", "onnx", "--int8", "--fp16"], "int8 and fp16 exclude each other; give one of them"),
        (["--to", "onnx", "--int8"], "small has no int8 graph; make one with inception-hub quantize"),
        (["--to", "openvino", "--int8"], "small has no int8 graph; make one with inception-hub quantize"),
        (["--to", "onnx", "--size", "224"], "--size is '224'; give height x width in pixels"),
    ],
)
def test_what_is_refused(
    capsys: pytest.CaptureFixture[str],
    small_module: Path,
    tmp_path: Path,
    arguments: list[object],
    message: str,
) -> None:
    code, out, err = run(capsys, "export", small_module, tmp_path / "out", *arguments)
    assert (code, out) == (2, "") and message in err and err.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_an_unknown_format_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match="The format is 'none'; give one of module, tf1-hub, "):
        export_bundle(None, "none", tmp_path / "out")  # type: ignore[arg-type]


def test_an_export_of_other_outputs_is_not_kept(
    small_module: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = bundle.read

    def other(directory: Path) -> bundle.Bundle:
        intact = read(directory)
        name = "InceptionV2/Logits/Conv2d_1c_1x1/biases"
        return replace(intact, weights={**intact.weights, name: intact.weights[name] + 0.01})

    source = read(small_module)
    compare_one_shape(monkeypatch)
    monkeypatch.setattr(bundle, "read", other)
    with pytest.raises(ExportError, match="answers otherwise than the module, relative error .* is not kept"):
        export_bundle(source, "module", tmp_path / "out")
    assert not list(tmp_path.iterdir())


LIBRARIES = {"tensorflow": "tensorflow", "executorch": "executorch", "litert": "litert_torch"}  # of extras


@pytest.mark.parametrize("name", [name for name, format in FORMATS.items() if format.extra in LIBRARIES])
def test_a_missing_extra_is_named(small_module: Path, tmp_path: Path, name: str) -> None:
    extra = FORMATS[name].extra
    assert extra
    library = LIBRARIES[extra]
    if find_spec(library):
        pytest.skip(f"{library} is installed here")
    with pytest.raises(hub.InceptionHubError, match=rf"needs {library}, .*: pip install '.*\[{extra}\]'"):
        export_bundle(bundle.read(small_module), name, tmp_path / "out")
    assert not list(tmp_path.iterdir())


def test_a_converter_that_refuses_leaves_nothing(
    small_module: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "litert_torch.py").write_text("def convert(*_, **__): raise TypeError('no lowering of mean')")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "litert_torch", raising=False)
    with pytest.raises(
        ExportError, match="litert-torch does not convert the module .no lowering of mean.; try"
    ):
        export_bundle(bundle.read(small_module), "litert", tmp_path / "folder" / "out.tflite")
    monkeypatch.delitem(sys.modules, "litert_torch")
    assert not (tmp_path / "folder").exists()
