"""Heatmaps: exact on both engines, where the subject is, even to the eye, and as pictures."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from helpers.cases import Case, images_from_seed, recorded
from helpers.command import run
from PIL import Image

import inception_hub as hub
from inception_hub import bundle
from inception_hub.engines import EngineName
from inception_hub.errors import AnswerError, ArgumentError, ImageError, InputError
from inception_hub.inference.activation_maps import activation_maps
from inception_hub.labels import Labels

LOGITS = "InceptionV2/Logits/Conv2d_1c_1x1"
TELLING = [(2, 131, 197, 3), (2, 75, 75, 3)]  # an odd size of the whole network, and a thinner one
CASES = [
    pytest.param(case, id=f"{case.shape}", marks=[] if case.shape in TELLING else pytest.mark.slow)
    for case in recorded("eval")
]


@pytest.mark.parametrize("engine", ["openvino", "torch"])
@pytest.mark.parametrize("size", [(64, 64), (75, 131), (224, 224)])
def test_the_mean_and_the_bias_are_the_logit(
    small_module: Path, engine: EngineName, size: tuple[int, int]
) -> None:
    module = hub.Module(small_module, engine=engine)
    images = images_from_seed((3, *size, 3), 5)
    logits, bias = module(images), module.spec.bundle.weights[f"{LOGITS}/biases"]
    found = hub.explain(module, images, top=10)
    assert [len(each) for each in found] == [10, 10, 10]
    for row, each in zip(logits, found, strict=True):
        assert [one.index for one in each] == np.argsort(-row, kind="stable").tolist()
        assert sum(one.probability for one in each) == pytest.approx(1)
        for one in each:
            assert one.label == "abcdefghij"[one.index] and one.bias == bias[one.index]
            assert one.activation_map.shape == tuple(-(-side // 32) for side in size)
            assert one.activation_map.mean() + one.bias == pytest.approx(row[one.index], rel=1e-4, abs=1e-4)
            assert one.logit == pytest.approx(row[one.index], rel=1e-5, abs=1e-5)


@pytest.mark.parametrize("engine", ["openvino", "torch"])
@pytest.mark.parametrize("case", CASES)
def test_the_mean_and_the_bias_are_the_originals_logit(case: Case, engine: EngineName) -> None:
    classes = case.architecture.num_classes
    made = bundle.Bundle(
        name="case",
        architecture=case.architecture,
        weights=case.weights,
        labels=Labels(tuple(f"class {index}" for index in range(classes)), (None,) * classes),
        provenance=bundle.Provenance("random numbers", "Apache-2.0"),
    )
    found = hub.explain(hub.Module(hub.ModuleSpec(made), engine=engine), case.images, top=5)
    for logits, each in zip(case.answers["logits"], found, strict=True):
        for one in each:
            logit = logits[one.index]
            assert abs(one.activation_map.mean() + one.bias - logit) < 1e-4 * np.abs(logits).max()


def test_each_subject_is_found_where_it_is(pair: Image.Image) -> None:
    module = hub.Module("tiny_imagenet")
    images = hub.load_images([pair], (160, 320))
    ((cat, coffee),) = hub.explain(module, images, classes=["Egyptian cat", "espresso"])
    assert (cat.label, coffee.label) == ("Egyptian cat", "espresso")
    left, right = (slice(0, 5), slice(5, 10))
    cats, coffees = (np.maximum(each.activation_map, 0) for each in (cat, coffee))
    assert cats[:, left].sum() > 0.95 * cats.sum()
    assert coffees[:, right].sum() > 0.75 * coffees.sum()
    assert coffee.probability == max(one.probability for one in hub.explain(module, images)[0])


def test_what_cannot_be_explained(small_module: Path, tmp_path: Path) -> None:
    module = hub.Module(small_module)
    images = images_from_seed((1, 64, 64, 3), 0)
    with pytest.raises(ArgumentError, match="small has no class 'cat'; give a label .* from 0 to 9"):
        hub.explain(module, images, classes=["cat"])
    with pytest.raises(ArgumentError, match="has no class 10"):
        hub.explain(module, images, classes=[10])
    with pytest.raises(ArgumentError, match="top is 0"):
        hub.explain(module, images, top=0)
    with pytest.raises(InputError):
        hub.explain(module, [["photo.jpg"]])  # type: ignore[list-item]
    with pytest.raises(ArgumentError, match="construct it without tags"):
        hub.explain(hub.Module(small_module, tags={"train"}), images)
    made = bundle.read(small_module)
    bundle.write(made.without_head(), tmp_path / "vectors")
    with pytest.raises(ArgumentError, match="has no classes to explain"):
        hub.explain(hub.Module(tmp_path / "vectors"), images)
    huge = {**made.weights, f"{LOGITS}/weights": np.full_like(made.weights[f"{LOGITS}/weights"], 3e38)}
    bundle.write(replace(made, weights=huge), tmp_path / "huge")
    with pytest.raises(AnswerError, match="not finite"):
        hub.explain(hub.Module(tmp_path / "huge"), images)


def test_photos_of_any_kind_one_or_many(small_module: Path, pair: Image.Image, tmp_path: Path) -> None:
    pair.save(tmp_path / "pair.png")
    module = hub.Module(small_module)
    (expected,) = hub.explain(module, hub.load_images([pair], (64, 96)), classes=["a", "b"])
    given = ((small_module, tmp_path), (module, tmp_path / "pair.png"), (module, [pair]))
    for made, images in (*given, (module, np.asarray(pair))):
        (found,) = hub.explain(made, images, classes=["a", "b"], size=(64, 96))
        for one, other in zip(found, expected, strict=True):
            assert one.label == other.label
            np.testing.assert_allclose(one.activation_map, other.activation_map, rtol=1e-5, atol=1e-6)
    assert [len(each) for each in hub.explain(module, [pair, pair])] == [3, 3]
    assert [one.label for one in hub.explain(module, pair, classes="b")[0]] == ["b"]
    whole = hub.explain(module, pair, resize="plain")[0][0].logit
    assert whole != hub.explain(module, hub.load_images(pair, module)[0])[0][0].logit
    with pytest.raises(ImageError, match="at most 1 are accepted"):
        hub.explain(module, pair, max_pixels=1)
    with pytest.raises(ArgumentError, match="made already"):
        hub.explain(module, pair, engine="torch")


def test_a_class_by_any_of_its_names(small_module: Path, tmp_path: Path) -> None:
    made = bundle.read(small_module)
    numbers = Labels(("5", *"abcdefghi"), (None,) * 10)
    bundle.write(replace(made, labels=numbers), tmp_path / "module")
    module, images = hub.Module(tmp_path / "module"), images_from_seed((1, 64, 64, 3), 0)
    asked = ["5", "e", 3, "3", np.int64(7)]
    assert [one.index for one in hub.explain(module, images, classes=asked)[0]] == [0, 5, 3, 3, 7]
    for wrong in (-1, True, "9" * 5000, "e "):
        with pytest.raises(ArgumentError, match="has no class"):
            hub.explain(module, images, classes=[wrong])


def test_a_name_of_two_classes_asks_for_the_index(small_module: Path, tmp_path: Path) -> None:
    made = bundle.read(small_module)
    labels = Labels(("crane", "crane", *"cdefghij"), (None,) * 10)
    bundle.write(replace(made, labels=labels), tmp_path / "module")
    module, images = hub.Module(tmp_path / "module"), images_from_seed((1, 64, 64, 3), 0)
    with pytest.raises(ArgumentError, match=re.escape("'crane' is the name of classes [0, 1]")):
        hub.explain(module, images, classes=["crane"])
    assert [one.index for one in hub.explain(module, images, classes=[1, 0])[0]] == [1, 0]


def test_heatmaps_in_the_gallery(
    capsys: pytest.CaptureFixture[str], pair: Image.Image, small_module: Path, tmp_path: Path
) -> None:
    (tmp_path / "photos").mkdir()
    for number in range(9):
        pair.resize((400 - number, 200)).save(tmp_path / "photos" / f"{number}.png")
    (tmp_path / "photos" / "bad.jpg").write_bytes(b"no photo")
    page = tmp_path / "page.html"
    ask = ("classify", tmp_path / "photos", "--module", small_module, "--gallery", page, "--format", "jsonl")
    code, plain, _ = run(capsys, *ask)
    assert code == 1 and not re.search(r'class="(photo heat|layers)|\.heat \{', page.read_text())
    code, rows, _ = run(capsys, *ask, "--heatmaps")
    assert code == 1 and rows == plain
    cards = page.read_text().split("<article>")[1:]
    assert [card.count('class="photo heat') for card in cards] == [5] * 9 + [0]
    assert page.read_text().count("see which parts of the photo count for it") == 1
    assert [card.count('<button type="button">') for card in cards] == [5] * 9 + [0]
    code, out, err = run(capsys, *ask[:4], "--heatmaps")
    assert (code, out) == (2, "") and "--heatmaps are for the page; give --gallery PAGE too" in err


def test_maps_of_classes_in_order(small_module: Path) -> None:
    module = hub.Module(small_module)
    last_map = images_from_seed((2, 3, module.architecture.num_features), 1)
    found = activation_maps(module, last_map, [7, 2])
    kernel = module.spec.bundle.weights[f"{LOGITS}/weights"][0, 0]
    assert found.shape == (2, 2, 3) and np.allclose(found[1], last_map @ kernel[:, 2], rtol=1e-5)
