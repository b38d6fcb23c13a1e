"""Heatmaps: exact on both engines, where the subject is, even to the eye, and as pictures."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from cases import images_from_seed
from command import run
from PIL import Image, ImageOps
from skimage import color, data

import inception_hub as hub
from inception_hub import bundle, heatmaps
from inception_hub.errors import AnswerError, ArgumentError, InputError
from inception_hub.explain import evidence
from inception_hub.labels import Labels

LOGITS = "InceptionV2/Logits/Conv2d_1c_1x1"


@pytest.fixture(scope="module")
def pair() -> Image.Image:
    """A cat to the left, a cup of coffee to the right."""
    both = [
        ImageOps.fit(Image.fromarray(getattr(data, name)()), (400, 400)) for name in ("chelsea", "coffee")
    ]
    return Image.fromarray(np.concatenate([np.asarray(each) for each in both], 1))


@pytest.mark.parametrize("engine", ["openvino", "torch"])
@pytest.mark.parametrize("size", [(64, 64), (75, 131), (224, 224)])
def test_the_mean_and_the_bias_are_the_logit(small_module: Path, engine: str, size: tuple[int, int]) -> None:
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
            assert one.evidence.shape == tuple(-(-side // 32) for side in size)
            assert one.evidence.mean() + one.bias == pytest.approx(row[one.index], rel=1e-4, abs=1e-4)
            assert one.logit == pytest.approx(row[one.index], rel=1e-5, abs=1e-5)


def test_each_subject_is_found_where_it_is(pair: Image.Image) -> None:
    module = hub.Module("tiny_imagenet")
    images = hub.load_images([pair], (160, 320))
    ((cat, coffee),) = hub.explain(module, images, classes=["Egyptian cat", "espresso"])
    assert (cat.label, coffee.label) == ("Egyptian cat", "espresso")
    left, right = (slice(0, 5), slice(5, 10))
    cats, coffees = (np.maximum(each.evidence, 0) for each in (cat, coffee))
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
        hub.explain(module, [["photo.jpg"]])  # type: ignore[arg-type]
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


def test_a_name_of_two_classes_asks_for_the_index(small_module: Path, tmp_path: Path) -> None:
    made = bundle.read(small_module)
    labels = Labels(("crane", "crane", *"cdefghij"), (None,) * 10)
    bundle.write(replace(made, labels=labels), tmp_path / "module")
    module, images = hub.Module(tmp_path / "module"), images_from_seed((1, 64, 64, 3), 0)
    with pytest.raises(ArgumentError, match=re.escape("'crane' is the name of classes [0, 1]")):
        hub.explain(module, images, classes=["crane"])
    assert [one.index for one in hub.explain(module, images, classes=[1, 0])[0]] == [1, 0]


def test_equal_steps_of_the_colours_look_equal() -> None:
    """By CIELAB's lightness, another model than the one the colours are made in."""
    lightness = color.rgb2lab(heatmaps.colours(np.linspace(0, 1, 33))[None] / 255)[0, :, 0]
    steps = np.diff(lightness)
    assert lightness[0] < 20 and lightness[-1] > 90
    assert (steps > 0.6 * steps.mean()).all() and (steps < 1.4 * steps.mean()).all()


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


def test_pictures_from_the_command_line(
    capsys: pytest.CaptureFixture[str], pair: Image.Image, tmp_path: Path
) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        pair.save(tmp_path / folder / "pair.png")
    (tmp_path / "bad.jpg").write_bytes(b"no photo")
    photos = [tmp_path / "a", tmp_path / "bad.jpg", tmp_path / "b"]
    code, out, err = run(capsys, "explain", *photos, "--output", tmp_path / "out", "--size", "96x192")
    assert code == 1 and "bad.jpg is no readable image" in err
    assert out.splitlines() == [str(tmp_path / "out" / name) for name in ("pair.png", "pair-2.png")]
    picture = Image.open(tmp_path / "out" / "pair.png")
    assert picture.size == (14 + 4 * (360 + 14), 14 + 20 + 180 + 20 + 8 + 14)
    shown = np.asarray(picture, np.int32)
    beside = shown[34:214, 14:374] - shown[34:214, 388:748]
    assert np.abs(beside).max() > 60  # the first panel is the photo, the next has colours over it
    before = (tmp_path / "out" / "pair.png").read_bytes()
    code, out, err = run(capsys, "explain", tmp_path / "a", "--output", tmp_path / "out")
    assert (code, out) == (2, "") and "out exists and is no empty folder" in err
    assert (tmp_path / "out" / "pair.png").read_bytes() == before


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--class", "unicorn"], "has no class 'unicorn'"),
        (["--size", "0x5"], "--size is '0x5'; give height x width"),
        (["--top", "0"], "Invalid value for '--top'"),
    ],
)
def test_mistakes(
    capsys: pytest.CaptureFixture[str], pair: Image.Image, tmp_path: Path, options: list[str], message: str
) -> None:
    pair.save(tmp_path / "pair.png")
    code, out, err = run(capsys, "explain", tmp_path / "pair.png", "--output", tmp_path / "out", *options)
    assert (code, out) == (2, "") and message in err and not (tmp_path / "out").exists()


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
    assert code == 1 and "photo heat" not in page.read_text()
    code, rows, _ = run(capsys, *ask, "--heatmaps")
    assert code == 1 and rows == plain
    cards = page.read_text().split("<article>")[1:]
    assert [card.count('class="photo heat') for card in cards] == [5] * 9 + [0]
    assert [card.count('tabindex="0"') for card in cards] == [5] * 9 + [0]
    code, out, err = run(capsys, *ask[:4], "--heatmaps")
    assert (code, out) == (2, "") and "--heatmaps are for the page; give --gallery PAGE too" in err


def test_evidence_of_classes_in_order(small_module: Path) -> None:
    module = hub.Module(small_module)
    last_map = images_from_seed((2, 3, module.architecture.num_features), 1)
    found = evidence(module, last_map, [7, 2])
    kernel = module.spec.bundle.weights[f"{LOGITS}/weights"][0, 0]
    assert found.shape == (2, 2, 3) and np.allclose(found[1], last_map @ kernel[:, 2], rtol=1e-5)
