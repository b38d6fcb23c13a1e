"""transformers opens an export for timm: labels, predictions and preprocessing."""

import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from helpers import torchvision_operators
from helpers.cases import images_from_seed
from PIL import Image, ImageDraw

import inception_hub as hub
from inception_hub import bundle
from inception_hub.formats import export_bundle
from inception_hub.formats.comparison import relative_error
from inception_hub.formats.options import Options
from inception_hub.formats.timm import write
from inception_hub.images.presets import PRESETS, Preset
from inception_hub.images.resize import resize

pytestmark = pytest.mark.exports


@pytest.mark.parametrize("preset", PRESETS)
def test_its_processor_keeps_the_proportions_that_the_module_keeps(
    small_module: Path, tmp_path: Path, preset: Preset
) -> None:
    """A disc on a wide photo: a disc, whole or not, or squashed."""
    photo = Image.new("RGB", (240, 120), (10, 10, 10))
    ImageDraw.Draw(photo).circle((120, 60), 50, "white")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torchvision_operators.declare()
        from transformers import AutoImageProcessor

        import inception_hub.timm  # noqa: F401

        write(replace(bundle.read(small_module), resize=preset), tmp_path / "out", Options())
        processor = AutoImageProcessor.from_pretrained(tmp_path / "out")
    pixels = processor(photo, return_tensors="pt")["pixel_values"][0].permute(1, 2, 0).numpy()
    ours = resize(np.asarray(photo), (64, 64), preset) * 2 - 1
    assert np.abs(pixels - ours).mean() < (0.01 if preset in ("crop", "pad") else 0.1)


def test_an_export_for_timm_is_a_model_of_transformers(
    small_module: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    source, directory = bundle.read(small_module), tmp_path / "out"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torchvision_operators.declare()
        import inception_hub.timm  # noqa: F401

        export_bundle(source, "timm", directory)
        from transformers import AutoImageProcessor, AutoModelForImageClassification

        capfd.readouterr()
        model = AutoModelForImageClassification.from_pretrained(directory).eval()
        processor = AutoImageProcessor.from_pretrained(directory)
    said = capfd.readouterr()
    assert "MISSING" not in said.out + said.err
    assert model.config.id2label == dict(enumerate(source.labels))
    images = images_from_seed((2, 64, 64, 3), 0)
    with torch.inference_mode():
        logits = model(torch.from_numpy(images).permute(0, 3, 1, 2) * 2 - 1).logits.numpy()
    assert relative_error(logits, hub.Module(small_module)(images)) < 1e-5
    pixels = processor(Image.new("RGB", (90, 70), (255, 0, 0)), return_tensors="pt")["pixel_values"]
    assert pixels.shape == (1, 3, 64, 64)
    assert np.allclose(pixels[0].mean((1, 2)), [1, -1, -1])
