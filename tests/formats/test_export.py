"""`export`: what is refused, what is reported, and that only a checked export is kept."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from helpers.command import run

import inception_hub as hub
from inception_hub import bundle
from inception_hub.errors import ArgumentError, ExportError
from inception_hub.formats import FORMATS, export_bundle
from inception_hub.formats.comparison import cases, judge, relative_error
from inception_hub.formats.options import Options


def test_a_module_directory_of_ours(
    capsys: pytest.CaptureFixture[str], small_module: Path, tmp_path: Path
) -> None:
    code, out, err = run(capsys, "export", small_module, "--to", "module", tmp_path / "copy")
    assert (code, out) == (0, f"{tmp_path / 'copy'}\n")
    assert err.startswith(
        "Wrote module, 2.6 MB; loaded with inception-hub 0.1.0, it answers within a relative"
    )
    found, expected = bundle.read(tmp_path / "copy"), bundle.read(small_module)
    assert all(np.array_equal(found.weights[name], array) for name, array in expected.weights.items())
    code, _, err = run(capsys, "export", small_module, "--to", "module", tmp_path / "copy")
    assert code == 2 and "exists and is left as it is" in err
    assert run(capsys, "export", small_module, "--to", "module", tmp_path / "copy", "--force")[0] == 0


def test_trained_weights_are_what_is_exported(small_module: Path, tmp_path: Path) -> None:
    module = hub.Module(small_module, trainable=True)
    module.trainable_variables[0].data.fill_(0.5)
    name = min(n for n, v in module.architecture.variables.items() if v.trainable)
    hub.export(module, "module", tmp_path / "trained")
    assert (bundle.read(tmp_path / "trained").weights[name] == 0.5).all()


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["--to", "caffe"], "The format is 'caffe'; give one of module, tf1-hub, "),
        (
            ["--to", "module", "--photos", "--top", 3],
            "The format module does not take photos, top; its options: none",
        ),
        (["--to", "onnx", "--batch", 0], "Invalid value for '--batch'"),
        (["--to", "onnx", "--size", "0x5"], "--size is '0x5'; give height x width in pixels"),
        (["--to", "onnx", "--top", 11], "top is 11 and small has 10 classes"),
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


def test_altered_module_files_are_refused(
    capsys: pytest.CaptureFixture[str], small_module: Path, tmp_path: Path
) -> None:
    shutil.copytree(small_module, tmp_path / "module")
    with open(tmp_path / "module/weights.safetensors", "r+b") as file:
        file.seek(5000)
        file.write(b"\1")
    code, _, err = run(capsys, "export", tmp_path / "module", "--to", "module", tmp_path / "out")
    assert code == 2 and "weights.safetensors is not the file that module.json describes" in err
    assert not (tmp_path / "out").exists()


def test_an_export_that_answers_otherwise_is_not_kept(
    small_module: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = bundle.read

    def other(directory: Path) -> bundle.Bundle:
        found = read(directory)
        name = "InceptionV2/Logits/Conv2d_1c_1x1/biases"
        return replace(found, weights={**found.weights, name: found.weights[name] + 0.01})

    source = read(small_module)
    monkeypatch.setattr(bundle, "read", other)
    with pytest.raises(ExportError, match="answers otherwise than the module, relative error .* is not kept"):
        export_bundle(source, "module", tmp_path / "out")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", [name for name, format in FORMATS.items() if format.extra == "tensorflow"])
def test_a_missing_extra_is_named(small_module: Path, tmp_path: Path, name: str) -> None:
    try:
        import tensorflow  # noqa: F401 # pyright: ignore[reportMissingImports]
    except ImportError:
        pass
    else:
        pytest.skip("TensorFlow is installed here")
    with pytest.raises(
        hub.InceptionHubError, match=r"needs tensorflow, .*: pip install 'inception-hub\[tensorflow\]'"
    ):
        export_bundle(bundle.read(small_module), name, tmp_path / "out")
    assert not list(tmp_path.iterdir())


def test_cases_follow_the_options() -> None:
    shapes = [images.shape for images in cases(Options())]
    assert len(shapes) == len(set(shapes)) >= 5 and {shape[1] % 2 for shape in shapes} == {0, 1}
    assert {images.shape[1:3] for images in cases(Options(size=(40, 56)))} == {(40, 56)}
    assert {images.shape[0] for images in cases(Options(batch=4))} == {4}
    assert [images.shape for images in cases(Options(size=(40, 56), batch=4))] == [(4, 40, 56, 3)]


def test_relative_errors() -> None:
    ones = np.ones((2, 3), np.float32)
    assert relative_error(ones, ones) == 0
    assert relative_error(ones * 1.01, ones) == pytest.approx(0.01, rel=1e-3)
    assert relative_error(ones[:1], ones) == relative_error(ones * np.nan, ones) == np.inf
    assert judge("software 1.0", [1e-6, 1e-5]).error == 1e-5
    with pytest.raises(ExportError, match="relative error 1.1e-04 in software 1.0 where 0.0001 is allowed"):
        judge("software 1.0", [0.00011, 1e-6])
    with pytest.raises(ArgumentError):
        export_bundle(None, "none", Path())  # type: ignore[arg-type]


def test_options_below_one(small_module: Path, tmp_path: Path) -> None:
    for options in (Options(batch=0), Options(size=(0, 5)), Options(top=0)):
        with pytest.raises(ArgumentError, match="One of size, batch and top is below 1"):
            export_bundle(bundle.read(small_module), "onnx", tmp_path / "out.onnx", options=options)
