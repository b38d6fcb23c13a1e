"""Training from scratch, from photos to a module; what TensorBoard shows."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from inception_hub import load_module_spec
from inception_hub.training.augmentation import Augmentation
from inception_hub.training.from_scratch import train_from_scratch
from inception_hub.training.recipes import AdamW, Cycle, Phase, Recipe

RECIPE = Recipe(
    name="short",
    cycles=(Cycle((Phase(2, 32, Augmentation(colour=0.2, cutmix=0.5)),), 1e-3),),
    optimiser=AdamW(weight_decay=0.05),
    batch_size=8,
    image_size=32,
    dtype="float16",
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    generator = np.random.default_rng(0)
    for split, count in (("train", 12), ("validation", 4), ("test", 3)):
        for name in "ab":
            (tmp_path / "photos" / split / name).mkdir(parents=True)
            for number in range(count):
                pixels = generator.integers(0, 128, (40, 40, 3)) + (100 if name == "b" else 0)
                Image.fromarray(pixels.astype(np.uint8)).save(
                    tmp_path / "photos" / split / name / f"{number}.png"
                )
    return tmp_path / "photos"


def test_a_recipe_makes_a_module(folder: Path, tmp_path: Path) -> None:
    test, validation = train_from_scratch(RECIPE, str(folder), tmp_path / "fresh", bfloat16=False)
    assert (test.data, len(test.classes)) == ("photos test", 6)
    assert (validation.data, len(validation.classes)) == ("photos validation", 8)
    bundle = load_module_spec(tmp_path / "fresh").bundle
    assert bundle.architecture.depth_multiplier == 1.0 and bundle.labels.names == ("a", "b")
    assert bundle.provenance.source == "trained from scratch by the recipe short"
    assert [accuracy["data"] for accuracy in bundle.accuracy] == ["photos test", "photos validation"]
    assert [accuracy["top1"] for accuracy in bundle.accuracy] == [test.top1, validation.top1]
    smoothed = -0.95 * np.log(0.95) - 0.05 * np.log(0.05)  # the target of two classes
    assert f"lowest possible training loss | {smoothed:.2f} (label smoothing 0.1)" in bundle.card
    assert "lowest in training" in (tmp_path / "fresh" / "report.html").read_text("utf-8")
    size = (tmp_path / "fresh" / "weights.safetensors").stat().st_size
    assert 20e6 < size < 20.6e6, "float16"

    events = EventAccumulator(str(tmp_path / "fresh.run" / "tensorboard")).Reload()
    assert [event.step for event in events.Scalars("loss/train")] == [1, 2]
    assert {"loss/validation", "top-1/validation", "learning rate", "images per second"} <= set(
        events.Tags()["scalars"]
    )
    assert "augmentation/original" in events.Tags()["images"]
