"""Heatmaps belong to their own photo, whatever became of its neighbours in the batch."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from helpers.cases import images_from_seed
from PIL import Image

import inception_hub as hub
from inception_hub import bundle
from inception_hub.images.presets import PRESETS, visible_fraction
from inception_hub.inference import heatmaps
from inception_hub.inference.options import Options
from inception_hub.inference.pipeline import BATCH_SIZE, Photo, infer

LOGITS = "InceptionV2/Logits/Conv2d_1c_1x1"


@pytest.fixture
def photos(tmp_path: Path) -> list[Photo]:
    paths = [tmp_path / f"{number}.png" for number in range(BATCH_SIZE)]
    for number, path in enumerate(paths):
        pixels = images_from_seed((64, 64, 3), number) * (255 if number == 1 else 90 + 20 * number)
        Image.fromarray(pixels.astype(np.uint8)).save(path)
    return [Photo(path.name, path) for path in paths]


def test_a_photo_without_numbers_takes_no_others_map(
    small_module: Path, photos: list[Photo], tmp_path: Path
) -> None:
    """Weights so large that one photo's logits, and no other's, exceed float32."""
    made = bundle.read(small_module)
    vectors = [row.row.vector for row in infer(hub.Module(small_module), photos, Options(kind="vector"))]
    kernel = np.abs(made.weights[f"{LOGITS}/weights"])
    largest = np.array([np.max(vector @ kernel[0, 0]) for vector in vectors if vector is not None])
    order = np.argsort(largest)
    scale = 3.4028235e38 / float(np.sqrt(largest[order[-1]] * largest[order[-2]]))
    weights = {**made.weights, f"{LOGITS}/weights": (kernel * scale).astype(np.float32)}
    weights[f"{LOGITS}/biases"] = np.zeros(10, np.float32)
    bundle.write(replace(made, weights=weights), tmp_path / "huge")

    plain = {row.row.path: row for row in infer(hub.Module(small_module), photos, Options(feature_maps=True))}
    found = list(infer(hub.Module(tmp_path / "huge"), photos, Options(feature_maps=True)))
    assert [answer.row.error is not None for answer in found] == [n == order[-1] for n in range(BATCH_SIZE)]
    assert order[-1] < BATCH_SIZE - 1, "others follow it in the batch"
    for answer in found:
        if answer.row.error is None:
            last_map = plain[answer.row.path].feature_map
            assert answer.feature_map is not None and last_map is not None
            assert np.allclose(answer.feature_map, last_map, rtol=1e-4, atol=1e-4), answer.row.path


def test_heatmaps_cover_what_the_preset_keeps() -> None:
    assert [visible_fraction(preset) for preset in ("default", "slim", "plain")] == [0.875, 0.875, 1.0]
    clear = [heatmaps.laid_out(np.ones((2, 2), np.float32), 80, 40, p)[0, 0, 3] == 0 for p in PRESETS]
    assert clear == [True, True, False]
