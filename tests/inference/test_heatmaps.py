"""Heatmaps belong to their own photo, whatever became of its neighbours in the batch."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from helpers.cases import images_from_seed
from PIL import Image
from skimage import color

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


def test_equal_steps_of_the_colours_look_equal() -> None:
    """By CIELAB's lightness, another model than the one the colours are made in."""
    lightness = color.rgb2lab(heatmaps.colours(np.linspace(0, 1, 33))[None] / 255)[0, :, 0]
    steps = np.diff(lightness)
    assert lightness[0] < 30 and lightness[-1] > 90
    assert (steps > 0.6 * steps.mean()).all() and (steps < 1.4 * steps.mean()).all()


def test_the_legend_shows_what_is_seen_on_a_grey_photo() -> None:
    grey = Image.new("RGB", (33, 1), (heatmaps.GREY,) * 3).convert("RGBA")
    over = heatmaps.heatmap(np.linspace(0, 5, 33, dtype=np.float32)[None])
    seen = np.asarray(Image.alpha_composite(grey, Image.fromarray(over)).convert("RGB"), np.int32)
    assert np.abs(seen - heatmaps.legend(33)).max() <= 1
    a, b = np.moveaxis(color.rgb2lab(heatmaps.legend(33) / 255)[0, :, 1:], -1, 0)
    assert (np.hypot(a, b)[3:] > 8).all()  # none but the first is as grey as the photo


def test_a_heatmap_lies_on_what_the_network_sees() -> None:
    map = np.array([[-1, 0], [0, 4]], np.float32)
    rgba = heatmaps.heatmap(map)
    assert rgba.shape == (2, 2, 4) and rgba[..., 3].ravel().tolist() == [0, 0, 0, 204]
    assert heatmaps.heatmap(-map - 4)[..., 3].max() == 0  # nothing speaks for it
    over = heatmaps.laid_out(np.ones((3, 3), np.float32), 160, 80, "default")
    rows, columns = np.nonzero(over[..., 3])
    assert over.shape == (80, 160, 4)
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (5, 74, 10, 149)
    assert (heatmaps.laid_out(np.ones((3, 3), np.float32), 160, 80, "plain")[..., 3] > 0).all()
