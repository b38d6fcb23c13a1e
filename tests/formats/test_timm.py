"""Directories for timm: it takes them for models of its own, and what it trained is read back."""

import importlib.util
import pickle
import subprocess
import sys
import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from helpers.exports import same
from PIL import Image
from safetensors.numpy import save_file
from safetensors.torch import save_file as save_tensors

import inception_hub as hub
from inception_hub import bundle, load_module_spec
from inception_hub.errors import FormatError
from inception_hub.formats import export_bundle
from inception_hub.formats.comparison import relative_error
from inception_hub.formats.timm import files, matches

LIBRARIES: list[torch.library.Library] = []  # an operator lives as long as its library


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


@pytest.mark.parametrize("head", [True, False])
def test_an_export_computes_the_same_and_is_read_back(small_module: Path, tmp_path: Path, head: bool) -> None:
    source = bundle.read(small_module)
    source = source if head else source.without_head()
    path = tmp_path / "out"
    assert export_bundle(source, "timm", path).error < 1e-5
    assert same(load_module_spec(path).bundle, source)


def test_a_directory_is_known_by_its_files(tmp_path: Path) -> None:
    assert not matches(tmp_path) and not matches(tmp_path / "gone")
    for name in ("inception_v2.py", "model.safetensors"):
        assert not matches(tmp_path)
        (tmp_path / name).touch()
    (tmp_path / "folder").mkdir()
    assert matches(tmp_path)
    assert set(files(tmp_path)) == {"inception_v2.py", "model.safetensors"}


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
    generator = np.random.default_rng(0)
    photo = Image.fromarray(generator.integers(0, 255, (6, 16, 3), np.uint8)).resize((640, 240))
    transformed = timm.data.create_transform(**data, is_training=False)(photo)
    ours = hub.load_images([photo], hub.load_module_spec(small_module))[0] * 2 - 1
    assert (
        np.abs(transformed.permute(1, 2, 0).numpy() - ours).mean() < 0.1
    )  # 0.5 with proportions kept; timm crops whole pixels
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
    save_tensors(model.state_dict(), tmp_path / "out" / "model.safetensors")
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


class Bomb:
    """Whoever unpickles it fails the test."""

    def __reduce__(self) -> tuple[Callable[..., object], tuple[str]]:
        return pytest.fail, ("a pickle was loaded",)


def test_nothing_is_unpickled_or_run(tmp_path: Path) -> None:
    folder = tmp_path / "timm"
    folder.mkdir()
    (folder / "inception_v2.py").write_text("raise SystemExit('it was run')")
    save_file({"x": np.zeros(1, np.float32)}, folder / "model.safetensors")
    with pytest.raises(FormatError, match="'x' is no weight as our exports for timm have it"):
        load_module_spec(folder)
    (folder / "model.safetensors").write_bytes(pickle.dumps(Bomb()))
    with pytest.raises(FormatError, match="not a readable safetensors file"):
        load_module_spec(folder)
