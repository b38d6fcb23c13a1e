"""Exports loaded by the software they are for, and read back."""

import importlib.util
import subprocess
import sys
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import openvino
import pytest
import skimage
import torch
from safetensors.torch import save_file

import inception_hub as hub
from inception_hub import bundle, load_module_spec
from inception_hub.bundle import Bundle
from inception_hub.formats import export_bundle
from inception_hub.formats.comparison import relative_error
from inception_hub.formats.options import Options

NAMES = {"onnx": "out.onnx", "torch": "out.pt2", "timm": "out", "openvino": "out"}
SIZE = Options(size=(33, 50), batch=2)


@pytest.fixture(scope="module", autouse=True)
def _torchvision() -> None:
    """timm imports torchvision, whose compiled operators do not fit every build of PyTorch.

    Declaring the two that it describes at its import is enough; the network uses none of them.
    """
    try:
        import torchvision  # noqa: F401
    except RuntimeError:
        library = torch.library.Library("torchvision", "DEF")
        for name in ("nms", "qnms"):
            library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        LIBRARIES.append(library)


LIBRARIES: list[torch.library.Library] = []  # an operator lives as long as its library


def same(found: Bundle, expected: Bundle) -> bool:
    assert found.architecture == expected.architecture
    assert (found.labels, found.image_size, found.resize) == (
        expected.labels, expected.image_size, expected.resize,
    )  # fmt: skip
    return all(found.weights[n].tobytes() == array.tobytes() for n, array in expected.weights.items())


@pytest.mark.parametrize("format", NAMES)
@pytest.mark.parametrize("head", [True, False])
def test_exports_answer_and_come_back(small_module: Path, tmp_path: Path, format: str, head: bool) -> None:
    source = bundle.read(small_module)
    source = source if head else source.without_head()
    path = tmp_path / NAMES[format]
    assert export_bundle(source, format, path, options=Options() if format == "timm" else SIZE).error < 1e-5
    if format != "openvino":
        assert same(load_module_spec(path).bundle, source)


@pytest.mark.parametrize("format", ["onnx", "openvino", pytest.param("torch", marks=pytest.mark.slow)])
def test_any_batch_and_size(small_module: Path, tmp_path: Path, format: str) -> None:
    path = tmp_path / NAMES[format]
    assert export_bundle(bundle.read(small_module), format, path).error < 1e-5


@pytest.mark.parametrize("format", ["onnx", "openvino"])
def test_photos_in_and_best_classes_out(small_module: Path, tmp_path: Path, format: str) -> None:
    path = tmp_path / NAMES[format]
    options = Options(photos=True, top=3)
    assert export_bundle(bundle.read(small_module), format, path, options=options).error < 1e-5


def test_the_int8_graph(tmp_path: Path) -> None:
    source = load_module_spec("tiny_imagenet").bundle
    options = Options(size=(96, 96), photos=True, top=1, int8=True)
    assert export_bundle(source, "openvino", tmp_path / "out", options=options).error < 5e-2
    photos = [getattr(skimage.data, name)() for name in ("astronaut", "coffee", "chelsea", "rocket")]
    crops = np.stack(
        [photo[y : y + 96, x : x + 96] for photo in photos for y in (0, 99, 180) for x in (9, 200)]
    )
    compiled = openvino.Core().compile_model(tmp_path / "out" / "inception_v2.xml", "CPU")
    found = compiled({"images": crops})["indices"][:, 0]
    logits = hub.Module("tiny_imagenet", precision="int8")(crops / np.float32(255))
    assert (found == logits.argmax(1)).mean() > 0.95  # quantize's own gate


def exported_to_timm(module: Path, path: Path) -> Any:
    """timm, which knows the model by the file that was exported."""
    export_bundle(bundle.read(module), "timm", path)
    import timm

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # each test registers the same name
        spec = importlib.util.spec_from_file_location("inception_v2", path / "inception_v2.py")
        assert spec and spec.loader
        made = importlib.util.module_from_spec(spec)
        sys.modules["inception_v2"] = made
        spec.loader.exec_module(made)
    return timm


def test_timm_takes_it_for_one_of_its_own(small_module: Path, tmp_path: Path) -> None:
    timm = exported_to_timm(small_module, tmp_path / "out")

    model = timm.create_model("inception_v2", pretrained=True)
    assert (model.num_features, model.num_classes, model.global_pool.pool_type) == (256, 10, "avg")
    assert model.pretrained_cfg["label_names"] == tuple("abcdefghij")
    data = timm.data.resolve_model_data_config(model)
    assert data["input_size"] == (3, 64, 64) and data["mean"] == data["std"] == (0.5, 0.5, 0.5)
    assert (data["crop_pct"], data["interpolation"]) == (0.875, "bilinear")
    images = torch.rand(2, 3, 64, 64)
    assert model.forward_features(images).shape == (2, 256, 2, 2)
    assert model.forward_head(model.forward_features(images), pre_logits=True).shape == (2, 256)
    model.reset_classifier(3)
    assert model(images).shape == (2, 3)
    model.reset_classifier(0, "")
    assert model(images).shape == (2, 256, 2, 2)
    assert timm.create_model("inception_v2", pretrained=True, num_classes=7)(images).shape == (2, 7)
    stages = timm.create_model("inception_v2", pretrained=True, features_only=True)
    assert stages.feature_info.reduction() == [2, 4, 8, 16, 32]
    assert [stage.shape[-1] for stage in stages(images)] == [32, 16, 8, 4, 2]


def test_what_was_trained_in_timm_comes_back(small_module: Path, tmp_path: Path) -> None:
    timm = exported_to_timm(small_module, tmp_path / "out")
    model = timm.create_model("inception_v2", pretrained=True)
    optimiser = torch.optim.SGD(model.parameters(), 0.1)
    model.train()(torch.rand(4, 3, 64, 64)).square().sum().backward()
    optimiser.step()
    save_file(model.state_dict(), tmp_path / "out" / "model.safetensors")
    images = np.random.default_rng(0).random((2, 64, 64, 3), np.float32)
    expected = model.eval()(torch.from_numpy(images).permute(0, 3, 1, 2) * 2 - 1).detach().numpy()
    assert relative_error(hub.Module(tmp_path / "out")(images), expected) < 1e-4


def test_a_torchvision_of_another_build(small_module: Path, tmp_path: Path) -> None:
    """What `_torchvision` mends for these tests: PyTorch from one place, torchvision from another."""
    if not LIBRARIES:
        pytest.skip("torchvision fits PyTorch here")
    done = subprocess.run(
        [sys.executable, "-m", "inception_hub", "export", small_module, "--to", "timm", tmp_path / "out"],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2 and done.stderr.count("\n") == 1
    assert "timm cannot be imported" in done.stderr and not list(tmp_path.iterdir())


def test_timm_sees_the_part_of_a_photo_that_the_module_sees(small_module: Path, tmp_path: Path) -> None:
    whole = replace(bundle.read(small_module), resize="plain", image_size=(96, 64))
    bundle.write(whole, tmp_path / "whole")
    timm = exported_to_timm(tmp_path / "whole", tmp_path / "out")
    configuration = timm.create_model("inception_v2", pretrained=True).pretrained_cfg
    assert configuration["crop_pct"] == 1.0
    assert configuration["input_size"] == (3, 96, 64) and tuple(configuration["pool_size"]) == (3, 2)
    assert (configuration["first_conv"], configuration["classifier"]) == ("Conv2d_1a_7x7.conv_dw", "fc")
    assert configuration["license"] == "apache-2.0"
    back = load_module_spec(tmp_path / "out").bundle
    assert (back.image_size, back.resize) == ((96, 64), "plain")
