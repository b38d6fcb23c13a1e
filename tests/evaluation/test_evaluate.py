"""`evaluate`: one module or two on a labelled data set, a report that is written whole or not at all."""

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from helpers.cases import images_from_seed
from helpers.pages import Page
from helpers.written_rows import small_files
from PIL import Image

from inception_hub import Module, ModuleSpec, load_module_spec
from inception_hub.errors import ArgumentError, HandleError, OutputError
from inception_hub.evaluation import compare
from inception_hub.evaluation.evaluate import evaluate, new_page, write_page
from inception_hub.module import ModuleLike


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Twelve photos of three of the module's ten classes, one of which cannot be read."""
    for number, name in enumerate("abc" * 4):
        (tmp_path / "photos" / name).mkdir(parents=True, exist_ok=True)
        pixels = (images_from_seed((48, 64, 3), number) * 255).astype(np.uint8)
        Image.fromarray(pixels).save(tmp_path / "photos" / name / f"{number}.png")
    (tmp_path / "photos" / "a" / "0.png").write_bytes(b"no photo")
    return tmp_path / "photos"


def test_one_module(folder: Path, small_module: Path) -> None:
    progress: list[tuple[int, int]] = []
    result = evaluate(small_module, folder, on_progress=lambda done, total: progress.append((done, total)))
    (evaluation,) = result.evaluations
    assert (evaluation.module, evaluation.data, len(evaluation.names)) == ("small", "photos", 11)
    assert result.photos == 12 and result.comparison is None
    (unreadable,) = result.unreadable
    assert "0.png: " in unreadable
    assert result.summary() == evaluation.summary()
    assert progress == [(11, 12)]


def test_a_handle_a_spec_and_a_module_are_the_same(folder: Path, small_module: Path) -> None:
    spec = load_module_spec(small_module)
    first, *others = (
        evaluate(m, str(folder)).evaluations[0] for m in (str(small_module), spec, Module(spec))
    )
    assert all(np.array_equal(other.probabilities, first.probabilities) for other in others)


def test_two_modules_are_loaded_and_compared(folder: Path, small_module: Path, tmp_path: Path) -> None:
    loaded: list[ModuleLike] = []

    def load(handle: ModuleLike) -> Module:
        loaded.append(handle)
        return Module(handle, engine="torch")

    page = tmp_path / "page.html"
    result = evaluate(
        small_module, folder, against=load_module_spec(small_module), report=page, load=load, split="train"
    )
    assert len(loaded) == 2 and loaded[0] == small_module
    first, second = result.evaluations
    assert result.comparison == compare(first, second) and result.comparison.difference == 0
    assert result.summary()["modules"] == [first.summary(), second.summary()]
    assert result.summary()["comparison"]["images"] == 11
    assert len(result.unreadable) == 1, "named once"
    assert "Compared with small" in page.read_text("utf-8") and "0.png" in page.read_text("utf-8")
    assert {path.name for path in tmp_path.iterdir()} == {"photos", "page.html"}


def test_the_second_module_is_refused_before_the_first_is_measured(folder: Path, small_module: Path) -> None:
    measured: list[int] = []
    with pytest.raises(HandleError, match="none.* does not exist"):
        evaluate(
            small_module, folder, against="./none", on_progress=lambda done, total: measured.append(done)
        )
    assert measured == []


def test_classes_are_called_as_the_module_calls_them(small_module: Path, tmp_path: Path) -> None:
    """Where folders are called by WordNet ids, names are easier to read, in every table."""
    whole = load_module_spec(small_module).bundle
    ids = tuple(f"n0000000{index}" for index in range(10))
    module = ModuleSpec(replace(whole, labels=replace(whole.labels, wordnet_ids=ids)))
    for number, name in enumerate(ids[:2]):
        (tmp_path / "photos" / name).mkdir(parents=True)
        Image.new("RGB", (40, 40), (number, 0, 0)).save(tmp_path / "photos" / name / "0.png")
    html = evaluate(module, tmp_path / "photos").page()
    cells = Page(html).texts("td")
    assert cells[-4:] == ["a", "1", "b", "1"] and not any("n0000000" in cell for cell in cells)


def test_what_is_not_measured_is_noted(folder: Path, small_module: Path) -> None:
    (folder / "b" / "notes.txt").touch()
    for path in (folder / "c").iterdir():
        path.write_bytes(b"no photo")
    result = evaluate(small_module, folder)
    assert result.notes == (
        "1 file is not read, being no photo by its name: 1 .txt.",
        "No photo of c can be read.",
    )
    notes = Page(result.page()).texts("li")
    assert set(result.notes) <= set(notes) and sum(note.startswith("Left out: ") for note in notes) == 5


@pytest.mark.skipif(os.name != "posix", reason="there are locks on POSIX systems only")
def test_two_runs_with_one_report_notice_each_other(folder: Path, small_module: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.html"

    def load(handle: ModuleLike) -> Module:
        raise AssertionError("nothing is loaded")

    with new_page(page):
        with pytest.raises(OutputError, match="page.html is being written by another process; wait for it"):
            evaluate(small_module, folder, report=page, load=load)
        page.write_text("another's")
        with pytest.raises(OutputError, match="exists and is left as it is"):
            write_page(evaluate(small_module, folder), page)
    assert page.read_text() == "another's" and len(list(tmp_path.iterdir())) == 2


def test_the_resize_preset_is_passed_on(folder: Path, small_module: Path) -> None:
    plain, slim = (
        evaluate(small_module, folder, resize=preset).evaluations[0] for preset in ("plain", "slim")
    )
    assert not np.allclose(plain.probabilities, slim.probabilities, atol=1e-4)


def test_mistakes_are_found_before_a_module_is_loaded(
    folder: Path, small_module: Path, tmp_path: Path
) -> None:
    def load(handle: ModuleLike) -> Module:
        raise AssertionError("nothing is loaded")

    page = tmp_path / "page.html"
    page.write_text("mine")
    with pytest.raises(OutputError, match="page.html exists and is left as it is"):
        evaluate(small_module, folder, report=page, load=load)
    assert page.read_text() == "mine"
    with pytest.raises(OutputError, match="page.html/page.html cannot be written .Not a directory"):
        evaluate(small_module, folder, report=page / "page.html", load=load)
    with pytest.raises(ArgumentError, match="photos has no split 'test'; it is not split: leave"):
        evaluate(small_module, folder, split="test", load=load)
    with pytest.raises(OSError, match="does not exist"):
        evaluate(small_module, tmp_path / "gone", load=load)


def test_a_validation_split_alone_can_be_measured(folder: Path, small_module: Path) -> None:
    whole = evaluate(small_module, folder)
    assert Page(whole.page()).texts("th")[-2:] == ["class", "images"], "data that is not split has no train"
    folder.rename(folder.with_name("val"))
    alone = evaluate(small_module, folder.parent)
    assert alone.evaluations[0].data == f"{folder.parent.name} validation"
    assert np.array_equal(alone.evaluations[0].probabilities, whole.evaluations[0].probabilities)
    assert Page(alone.page()).texts("th")[-2:] == ["class", "validation"]


def test_one_class_can_be_measured(small_module: Path, tmp_path: Path) -> None:
    (tmp_path / "one" / "a").mkdir(parents=True)
    Image.new("RGB", (40, 40)).save(tmp_path / "one" / "a" / "0.png")
    assert evaluate(small_module, tmp_path / "one").summary()["images"] == 1


def test_a_full_disk_leaves_no_report(folder: Path, small_module: Path, tmp_path: Path) -> None:
    with small_files(), pytest.raises(OutputError, match="page.html cannot be written .*; make room"):
        evaluate(small_module, folder, report=tmp_path / "page.html")
    assert [path.name for path in tmp_path.iterdir()] == ["photos"]
