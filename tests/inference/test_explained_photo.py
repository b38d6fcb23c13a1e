"""A photo and its heatmaps as one picture: classes by the module's own size, maps by a larger one."""

import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

import inception_hub as hub
from inception_hub.errors import ImageError
from inception_hub.images.presets import Preset, visible_fractions
from inception_hub.inference import explained_photo as explained
from inception_hub.inference.activation_maps import Explanation
from inception_hub.inference.explained_photo import explained_photo, picture


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[Explanation]:
    """The explanations that pictures are made of."""
    seen: list[Explanation] = []
    monkeypatch.setattr(explained, "picture", lambda photo, each, preset: seen.extend(each) or photo)
    return seen


def test_classes_are_those_of_the_modules_size_and_maps_are_finer(
    pair: Image.Image, drawn: list[Explanation]
) -> None:
    module = hub.Module("tiny_imagenet")
    explained_photo(module, pair, top=3)
    (own,) = hub.explain(module, hub.load_images([pair], module), top=3)
    indices = [each.index for each in own]
    (finer,) = hub.explain(module, hub.load_images([pair], (224, 224)), classes=indices)
    assert [(each.index, each.label) for each in drawn] == [(each.index, each.label) for each in own]
    assert [each.probability for each in drawn] == pytest.approx([each.probability for each in own])
    for one, other in zip(drawn, finer, strict=True):
        assert one.activation_map.shape == (7, 7)
        assert np.allclose(one.activation_map, other.activation_map, atol=1e-4)


def test_a_given_size_is_that_of_all(module: hub.Module, pair: Image.Image, drawn: list[Explanation]) -> None:
    explained_photo(module, pair, classes=["b"], size=(128, 256))
    (one,) = hub.explain(module, hub.load_images([pair], (128, 256)), classes=["b"])[0]
    assert drawn[0].activation_map.shape == (4, 8)
    assert np.allclose(drawn[0].activation_map, one.activation_map, atol=1e-4)
    assert drawn[0].probability == pytest.approx(one.probability)


@pytest.mark.parametrize("preset", ["default", "crop", "pad"])
def test_heatmaps_lie_on_what_the_preset_shows_of_the_photo(
    module: hub.Module, preset: Preset, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[float, float]] = []
    monkeypatch.setattr(explained, "picture", lambda photo, each, visible: seen.append(visible))
    for size in (None, (32, 64)):
        explained_photo(module, Image.new("RGB", (120, 50)), top=1, size=size, resize=preset)
        assert seen.pop() == visible_fractions(preset, (50, 120), size or module.image_size)


def test_an_open_file_is_read_once(module: hub.Module) -> None:
    file = io.BytesIO()
    Image.new("RGB", (30, 20), "red").save(file, "PNG")
    file.seek(0)
    assert explained_photo(module, file, top=1).height > 100
    with pytest.raises(ImageError):
        explained_photo(module, b"no photo")


def test_the_photo_stands_first_and_in_colour_beside_each_class() -> None:
    photo = Image.new("RGB", (120, 90), (200, 30, 60))
    map = np.array([[0, 0], [0, 5]], np.float32)
    one = Explanation("cat", 0, 0.9, 1.0, 0.0, map)
    sheet = np.asarray(picture(photo, [one, replace(one, label="dog", activation_map=-map)], (1.0, 1.0)))
    assert sheet.shape == (14 + 20 + 270 + 20 + 14, 14 + 3 * (360 + 14), 3)
    assert (sheet[34:304, 14:374] == (200, 30, 60)).all()
    second, third = sheet[34:304, 388:748], sheet[34:304, 762:1122]
    assert (second[260, 350] == (200, 30, 60)).all() and (second[10, 10] < (140, 30, 60)).all()
    assert (third == third[0, 0]).all() and (third[0, 0] == second[10, 10]).all()
    assert (sheet[:30, 388:748] < 255).any() and (sheet[305:, 762:1122] < 255).any()
