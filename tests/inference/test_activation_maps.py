"""Heatmaps: exact on both engines, where the subject is, even to the eye, and as pictures."""

import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from helpers.cases import Case, images_from_seed, recorded
from helpers.command import run
from PIL import Image, ImageOps
from skimage import color, data

import inception_hub as hub
from inception_hub import bundle
from inception_hub.engines import EngineName
from inception_hub.errors import AnswerError, ArgumentError, InputError
from inception_hub.inference import heatmaps
from inception_hub.inference.activation_maps import activation_maps
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
@pytest.mark.parametrize("case", recorded("eval"), ids=lambda case: f"{case.shape}")
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


def test_photos_of_all_shapes_and_names(small_module: Path, tmp_path: Path) -> None:
    """Upright, enlarged where they are small, labels cut where they are long; a name that is no text."""
    made = bundle.read(small_module)
    labels = Labels(("W" * 300, *"bcdefghij"), (None,) * 10)
    bundle.write(replace(made, labels=labels), tmp_path / "module")
    folder = tmp_path / "photos"
    folder.mkdir()
    rotated = Image.Exif()
    rotated[0x0112] = 6
    Image.new("RGB", (80, 40), "red").save(folder / "upright.jpg", exif=rotated)
    Image.new("RGB", (4000, 1)).save(folder / "flat.png")
    Image.new("RGB", (1, 900)).save(folder / "thin.png")
    Image.new("RGB", (30, 40)).save(os.fsencode(folder) + b"/caf\xe9.png", "PNG")
    command = [sys.executable, "-m", "inception_hub", "explain", folder, "-", "--output", tmp_path / "out"]
    done = subprocess.run(
        [*command, "--module", tmp_path / "module", "--top", "10"],
        input=(folder / "upright.jpg").read_bytes(),
        capture_output=True,
        env=os.environ | {"PYTHONIOENCODING": "utf-8:strict"},
    )
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == 5 and rb"caf\udce9.png" in done.stdout
    shown = {os.fsencode(path.name): np.asarray(Image.open(path)) for path in (tmp_path / "out").iterdir()}
    sizes = {name: pixels.shape[1::-1] for name, pixels in shown.items()}
    wide, narrow = 14 + 11 * (360 + 14), 14 + 11 * (180 + 14)
    assert sizes == {
        b"upright.png": (narrow, 76 + 360),
        b"-.png": (narrow, 76 + 360),
        b"flat.png": (wide, 76 + 1),
        b"thin.png": (narrow, 76 + 360),
        b"caf\xe9.png": (14 + 11 * (270 + 14), 76 + 360),
    }
    for left in range(14 + 180, narrow, 194):  # nothing reaches into the next panel
        assert (shown[b"thin.png"][:, left + 2 : left + 14] == 255).all()
    assert (shown[b"thin.png"][14:34] < 255).any()


def test_a_full_disk_leaves_no_half_picture(
    capsys: pytest.CaptureFixture[str], pair: Image.Image, small_module: Path, tmp_path: Path
) -> None:
    resource = pytest.importorskip("resource")
    pair.save(tmp_path / "pair.png")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, hard))
    try:
        asked = ("explain", tmp_path / "pair.png", "--output", tmp_path / "out", "--module", small_module)
        code, out, err = run(capsys, *asked, "--engine", "torch")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert (code, out) == (2, "") and "pair.png cannot be written (File too large)" in err
    assert not list((tmp_path / "out").iterdir())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--class", "unicorn"], "has no class 'unicorn'"),
        (["--class", "9" * 5000], "has no class"),
        (["--size", "0x5"], "--size is '0x5'; give height x width"),
        (["--size", "9" * 5000 + "x5"], "give height x width"),
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
    assert code == 1 and not re.search(r'class="(photo heat|legend|layers)|\.heat', page.read_text())
    code, rows, _ = run(capsys, *ask, "--heatmaps")
    assert code == 1 and rows == plain
    cards = page.read_text().split("<article>")[1:]
    assert [card.count('class="photo heat') for card in cards] == [5] * 9 + [0]
    assert page.read_text().count('<img class="legend"') == 1
    assert [card.count('tabindex="0"') for card in cards] == [5] * 9 + [0]
    code, out, err = run(capsys, *ask[:4], "--heatmaps")
    assert (code, out) == (2, "") and "--heatmaps are for the page; give --gallery PAGE too" in err


def test_maps_of_classes_in_order(small_module: Path) -> None:
    module = hub.Module(small_module)
    last_map = images_from_seed((2, 3, module.architecture.num_features), 1)
    found = activation_maps(module, last_map, [7, 2])
    kernel = module.spec.bundle.weights[f"{LOGITS}/weights"][0, 0]
    assert found.shape == (2, 2, 3) and np.allclose(found[1], last_map @ kernel[:, 2], rtol=1e-5)
