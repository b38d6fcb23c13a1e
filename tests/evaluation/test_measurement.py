"""`evaluate`: a module's answers for labelled photos, alone and against another's, from either engine."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from helpers import jpeg_files
from helpers.cases import images_from_seed
from helpers.command import run
from helpers.dataset_photos import png, split_of
from PIL import Image

from inception_hub import Module, ModuleSpec, bundle, load_images
from inception_hub.data import Dataset
from inception_hub.errors import ArgumentError
from inception_hub.evaluation import wilson
from inception_hub.evaluation.coverage import SetMeasurement
from inception_hub.evaluation.held_out import outputs_of
from inception_hub.evaluation.measurement import evaluate_split, is_whole, pick_split, pictures
from inception_hub.evaluation.report import THUMBNAIL
from inception_hub.images.decode import decode
from inception_hub.images.presets import PRESETS, Preset
from inception_hub.inference.prediction_set import calibration_of
from inception_hub.labels import Labels

CLASSES = "abc"  # three of the module's ten


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for number, name in enumerate(CLASSES * 4):
        (tmp_path / "photos" / name).mkdir(parents=True, exist_ok=True)
        pixels = (images_from_seed((48, 64, 3), number) * 255).astype(np.uint8)
        Image.fromarray(pixels).save(tmp_path / "photos" / name / f"{number}.png")
    return tmp_path / "photos"


@pytest.mark.parametrize("engine", ["openvino", "torch"])
def test_it_counts_what_the_module_answers(
    capsys: pytest.CaptureFixture[str], folder: Path, small_module: Path, engine: str
) -> None:
    code, out, err = run(capsys, "evaluate", small_module, folder, "--json", "--engine", engine)
    assert code == 0 and err == ""
    facts = json.loads(out)
    module = Module(small_module)
    paths = sorted(folder.rglob("*.png"))
    answers = module(load_images(paths, module)).argmax(1)
    hits = [module.labels[answer] == path.parent.name for answer, path in zip(answers, paths, strict=True)]
    assert (facts["images"], facts["top1"]) == (12, pytest.approx(np.mean(hits)))
    assert {"top5", "ece"} <= set(facts)


@pytest.fixture
def other_module(folder: Path, small_module: Path, tmp_path: Path) -> Path:
    """The same network but for the name of its commonest answer: right where it was wrong, or not."""
    module = Module(small_module)
    answers = module(load_images(sorted(folder.rglob("*.png")), module)).argmax(1)
    names = list(module.labels)
    here, there = int(np.bincount(answers).argmax()), 0
    if names[here] in CLASSES:
        there = next(index for index in range(10) if names[index] not in CLASSES and index not in answers)
    names[here], names[there] = names[there], names[here]
    labels = Labels(tuple(names), (None,) * 10)
    bundle.write(replace(bundle.read(small_module), name="other", labels=labels), tmp_path / "other")
    return tmp_path / "other"


def test_two_modules_side_by_side(
    capsys: pytest.CaptureFixture[str], folder: Path, small_module: Path, other_module: Path, tmp_path: Path
) -> None:
    paths = sorted(folder.rglob("*.png"))
    top1 = []
    for path in (small_module, other_module):
        module = Module(path)
        answers = module(load_images(paths, module)).argmax(1)
        top1.append(np.mean([module.labels[n] == p.parent.name for n, p in zip(answers, paths, strict=True)]))
    difference = top1[1] - top1[0]
    assert difference != 0
    page = tmp_path / "page.html"
    command = ("evaluate", small_module, folder, "--against", other_module)
    code, out, err = run(capsys, *command, "--report", page)
    assert code == 0 and err == f"Report: {page}\n"
    *figures, last = out.splitlines()
    assert len(figures) == 8 and figures[4].startswith("other on 12 photos of ")
    for place, share in ((1, top1[0]), (5, top1[1])):
        assert figures[place] == f"  top-1 {share:.2%}, 95% interval {wilson(round(12 * share), 12)}"
    assert last.startswith(f"other minus small: top-1 {difference:+.2%}, 95% interval ")
    html = page.read_text("utf-8")
    assert html.startswith("<!doctype html>") and "Compared with other" in html
    code, out, _ = run(capsys, *command, "--json")
    facts = json.loads(out)
    assert [(f["module"], f["top1"]) for f in facts["modules"]] == [
        ("small", pytest.approx(top1[0])), ("other", pytest.approx(top1[1])),
    ]  # fmt: skip
    comparison = facts["comparison"]
    assert comparison["difference"] == pytest.approx(difference) and comparison["images"] == 12
    assert comparison["low"] < difference < comparison["high"]
    assert (comparison["wins"] - comparison["losses"]) / 12 == pytest.approx(difference)
    code, _, err = run(capsys, *command, "--report", page)
    assert code == 2 and "exists and is left as it is" in err


def test_photos_that_cannot_be_read_are_named(
    capsys: pytest.CaptureFixture[str], folder: Path, small_module: Path
) -> None:
    (folder / "a" / "0.png").write_bytes(b"\x89PNG no more")
    code, out, err = run(capsys, "evaluate", small_module, folder)
    assert code == 1 and "on 11 photos" in out
    assert "1 of 12 photos could not be read:" in err and "0.png" in err


def noise(seed: int) -> bytes:
    return png(seed, (96, 72))


def test_the_test_split_comes_before_the_one_that_training_looked_at() -> None:
    splits = {name: split_of([noise(0)], [0]) for name in ("train", "validation", "test")}
    whole = Dataset("photos", Labels(("a",), (None,)), splits)
    assert pick_split(whole, None) == ("test", splits["test"])
    assert pick_split(whole, "train") == ("train", splits["train"])
    held = replace(whole, splits={name: splits[name] for name in ("train", "validation")})
    assert pick_split(held, None) == ("validation", splits["validation"])
    assert pick_split(replace(whole, splits={"train": splits["train"]}), None)[0] == "train"
    with pytest.raises(ArgumentError, match="photos has no split 'test'; it has train, validation"):
        pick_split(held, "test")
    assert not is_whole(held) and is_whole(replace(whole, splits={"train": splits["train"]}))


@pytest.mark.parametrize("preset", PRESETS)
def test_photos_are_resized_as_asked(small_module: Path, preset: Preset) -> None:
    module, contents = Module(small_module), [noise(seed) for seed in range(3)]
    split = split_of(contents, [0, 1, 2])
    evaluation = evaluate_split(module, split, module.labels, "photos", preset=preset)
    images = load_images(contents, module, resize=preset)
    outputs = module(images, signature="image_classification", as_dict=True)
    assert np.allclose(evaluation.probabilities, outputs["InceptionV2/Predictions"], rtol=1e-4, atol=1e-6)
    other = evaluate_split(
        module, split, module.labels, "photos", preset="plain" if preset != "plain" else "slim"
    )
    assert not np.allclose(evaluation.probabilities, other.probabilities, rtol=1e-4, atol=1e-6)


def test_a_panorama_of_200_megapixels_is_evaluated_and_shown(small_module: Path) -> None:
    frame = jpeg_files.frame(jpeg_files.BASELINE, 20_000, 10_000)
    split = split_of([jpeg_files.jpeg(frame, [jpeg_files.scan([0, 1, 2])])], [0])
    module = Module(small_module)
    evaluation = evaluate_split(module, split, module.labels, "photos")
    assert pictures(evaluation, split)(0).shape == (112, 224, 3)


def test_pictures_and_classes_are_of_the_photos_that_could_be_read(small_module: Path) -> None:
    module = Module(small_module)
    contents = [noise(0), b"no photo", noise(2), noise(3)]
    split = split_of(contents, [4, 5, 6, 7])
    broken: list[str] = []
    evaluation = evaluate_split(module, split, module.labels, "photos", on_error=broken.append)
    assert evaluation.names == ["0.png", "2.png", "3.png"] and evaluation.classes.tolist() == [4, 6, 7]
    assert len(broken) == 1 and broken[0].startswith("1.png: ")
    picture = pictures(evaluation, split)
    for index, content in enumerate(contents[:1] + contents[2:]):
        assert np.array_equal(picture(index), decode(content))


def test_a_photo_that_is_gone_has_no_picture(small_module: Path) -> None:
    """It may go in the hours between a run's beginning and its report."""
    module = Module(small_module)
    split = split_of([png(0), png(1)], [0, 1])
    picture = pictures(evaluate_split(module, split, module.labels, "photos"), split)
    split.photos.contents[0] = None  # type: ignore[attr-defined]
    split.photos.contents[1] = b"damaged"  # type: ignore[attr-defined]
    assert picture(0) is None and picture(1) is None


def test_pictures_are_as_large_as_the_report_shows_them(small_module: Path) -> None:
    module = Module(small_module)
    split = split_of([png(0, (300, 150)), png(1, (20, 200))], [0, 1])
    picture = pictures(evaluate_split(module, split, module.labels, "photos"), split)
    assert [picture(index).shape[:2] for index in (0, 1)] == [(THUMBNAIL // 2, THUMBNAIL), (200, 20)]


def test_a_calibrated_module_is_measured_with_its_sets(calibrated_module: Path) -> None:
    split = split_of([png(i, (40, 30)) for i in range(40)], [i % 10 for i in range(40)])
    labels = Labels(tuple("abcdefghij"), (None,) * 10)
    module = Module(calibrated_module)
    found = evaluate_split(module, split, labels, "data")
    assert found.sets is not None and found.sets.held_out == 120
    assert [level.asked for level in found.sets.levels] == [0.8, 0.9, 0.95, 0.99]
    expected = SetMeasurement(calibration_of(module))
    expected.add(outputs_of(module, split, np.arange(10), []))
    assert found.sets == expected.figures()
    assert found.summary()["sets"]["levels"][0]["asked"] == 0.8
    uncalibrated = replace(module.spec.bundle, calibration=None)
    assert evaluate_split(Module(ModuleSpec(uncalibrated)), split, labels, "data").sets is None
