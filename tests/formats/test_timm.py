"""Directories for timm: it takes them for models of its own, and what it trained is read back."""

import json
import pickle
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from helpers import torchvision_operators
from helpers.exports import compare_one_shape, same
from PIL import Image
from safetensors.numpy import save_file
from safetensors.torch import save_file as save_tensors

import inception_hub as hub
from inception_hub import bundle, load_module_spec
from inception_hub.errors import FormatError
from inception_hub.formats import export_bundle
from inception_hub.formats.comparison import relative_error
from inception_hub.formats.options import Options
from inception_hub.formats.timm import files, matches, register, write
from inception_hub.images.presets import Preset


@pytest.fixture(scope="module", autouse=True)
def _torchvision() -> None:
    torchvision_operators.declare()


@pytest.mark.parametrize("head", [True, False])
def test_an_export_computes_the_same_and_is_read_back(
    small_module: Path, tmp_path: Path, head: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = bundle.read(small_module)
    if not head:
        compare_one_shape(monkeypatch)
    source = source if head else source.without_head()
    path = tmp_path / "out"
    assert export_bundle(source, "timm", path).error < 1e-5
    assert same(load_module_spec(path).bundle, source)


def test_a_directory_is_known_by_its_files(tmp_path: Path) -> None:
    assert not matches(tmp_path) and not matches(tmp_path / "gone")
    for name in ("config.json", "model.safetensors"):
        assert not matches(tmp_path)
        (tmp_path / name).touch()
    (tmp_path / "folder").mkdir()
    assert matches(tmp_path)
    assert set(files(tmp_path)) == {"config.json", "model.safetensors"}


def exported(module: Path, path: Path, **options: Any) -> Any:
    """The model that timm makes of the directory `path`, which `module` is exported to if it is not there."""
    if not path.exists():
        write(bundle.read(module), path, Options())
    return register().create_model(f"local-dir:{path}", pretrained=True, **options)


def test_timm_takes_it_for_one_of_its_own(small_module: Path, tmp_path: Path) -> None:
    model = exported(small_module, tmp_path / "out")
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"config.json", "model.safetensors"}
    assert (model.num_features, model.num_classes, model.global_pool.pool_type) == (256, 10, "avg")
    assert model.pretrained_cfg["label_names"] == list("abcdefghij")
    timm = register()
    data = timm.data.resolve_model_data_config(model)
    assert (data["input_size"], data["mean"], data["std"]) == ([3, 64, 64], [0.5] * 3, [0.5] * 3)
    assert (data["crop_pct"], data["interpolation"], data["crop_mode"]) == (0.875, "bilinear", "squash")
    generator = np.random.default_rng(0)
    photo = Image.fromarray(generator.integers(0, 255, (6, 16, 3), np.uint8)).resize((640, 240))
    transformed = timm.data.create_transform(**data, is_training=False)(photo)
    ours = hub.load_images([photo], hub.load_module_spec(small_module))[0] * 2 - 1
    # It would be 0.5 with proportions kept; timm crops whole pixels.
    assert np.abs(transformed.permute(1, 2, 0).numpy() - ours).mean() < 0.1


def test_other_classes_than_the_modules(small_module: Path, tmp_path: Path) -> None:
    assert exported(small_module, tmp_path / "out", num_classes=7)(torch.rand(2, 3, 64, 64)).shape == (2, 7)


def test_what_was_trained_in_timm_comes_back(small_module: Path, tmp_path: Path) -> None:
    model = exported(small_module, tmp_path / "out")
    optimiser = torch.optim.SGD(model.parameters(), 0.1)
    model.train()(torch.rand(4, 3, 64, 64)).square().sum().backward()
    optimiser.step()
    save_tensors(model.state_dict(), tmp_path / "out" / "model.safetensors")
    images = np.random.default_rng(0).random((2, 64, 64, 3), np.float32)
    expected = model.eval()(torch.from_numpy(images).permute(0, 3, 1, 2) * 2 - 1).detach().numpy()
    assert relative_error(hub.Module(tmp_path / "out")(images), expected) < 1e-4


def test_a_torchvision_of_another_build(small_module: Path, tmp_path: Path) -> None:
    """What `_torchvision` mends for these tests: PyTorch from one place, torchvision from another."""
    if not torchvision_operators.LIBRARIES:
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
    configuration = exported(tmp_path / "whole", tmp_path / "out").pretrained_cfg
    assert configuration["crop_pct"] == 1.0
    assert (configuration["input_size"], configuration["pool_size"]) == ([3, 96, 64], [3, 2])
    assert configuration["first_conv"] == "features.Conv2d_1a_7x7.conv_dw"
    assert configuration["classifier"] == "fc"
    assert configuration["license"] == "apache-2.0"
    back = load_module_spec(tmp_path / "out").bundle
    assert (back.image_size, back.resize) == ((96, 64), "plain")


@pytest.mark.parametrize("preset", ["crop", "pad"])
def test_timm_makes_the_same_images_of_photos_whose_proportions_are_kept(
    small_module: Path, tmp_path: Path, preset: Preset
) -> None:
    """Within two levels of 255; not of 1 x 9 pixels, of which timm would make an image without rows."""
    bundle.write(replace(bundle.read(small_module), resize=preset), tmp_path / "made")
    model = exported(tmp_path / "made", tmp_path / "out")
    data = register().data
    transform = data.create_transform(**data.resolve_model_data_config(model), is_training=False)
    generator = np.random.default_rng(0)
    for width, height in ((640, 240), (240, 641), (333, 500), (99, 100), (64, 64), (40, 30), (3, 2)):
        noise = generator.integers(0, 256, (height, width, 3), np.uint8)
        photo = Image.fromarray(noise)
        levels = (transform(photo).permute(1, 2, 0).numpy() + 1) * 127.5
        ours = hub.load_images([photo], hub.load_module_spec(tmp_path / "made"))[0] * 255
        assert np.abs(levels - ours).max() < 2.01, (width, height)
    assert load_module_spec(tmp_path / "out").resize == preset


class Bomb:
    """Whoever unpickles it fails the test."""

    def __reduce__(self) -> tuple[Callable[..., object], tuple[str]]:
        return pytest.fail, ("a pickle was loaded",)


CONFIG = {"architecture": "inception_v2", "pretrained_cfg": {"input_size": [3, 64, 64]}}


def foreign(folder: Path, config: object) -> Path:
    """A directory as timm writes it, of weights that are not ours."""
    folder.mkdir(exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config))
    save_file({"x": np.zeros(1, np.float32)}, folder / "model.safetensors")
    return folder


def test_nothing_is_unpickled(tmp_path: Path) -> None:
    folder = foreign(tmp_path / "timm", CONFIG)
    with pytest.raises(FormatError, match="'x' is no weight as our exports for timm have it"):
        load_module_spec(folder)
    (folder / "model.safetensors").write_bytes(pickle.dumps(Bomb()))
    with pytest.raises(FormatError, match="not a readable safetensors file"):
        load_module_spec(folder)


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ([], "damaged or not timm's"),
        ({"architecture": "inception_v2"}, "damaged or not timm's"),
        (CONFIG | {"pretrained_cfg": {"input_size": None}}, "damaged or not timm's"),
        (CONFIG | {"architecture": "resnet50\x1b"}, r"of timm's 'resnet50\\x1b'; .* of inception_v2"),
        (CONFIG | {"model_args": {"in_chans": 1}}, "images of 1 channels; give a network of three"),
        (CONFIG | {"model_args": {"in_chans": "\x1b[2J"}}, r"images of \\x1b\[2J channels"),
        (CONFIG | {"pretrained_cfg": {"input_size": [4, 64, 64]}}, "images of 4 channels"),
    ],
)
def test_another_network_is_refused(tmp_path: Path, config: object, said: str) -> None:
    with pytest.raises(FormatError, match=said) as caught:
        load_module_spec(foreign(tmp_path / "timm", config))
    assert "\n" not in str(caught.value)


def test_a_config_beyond_the_limit(tmp_path: Path) -> None:
    folder = foreign(tmp_path / "timm", CONFIG)
    with (folder / "config.json").open("w") as file:
        file.truncate((16 << 20) + 1)
    with pytest.raises(FormatError, match="more than 16,777,216 bytes; give a directory for timm"):
        load_module_spec(folder)
