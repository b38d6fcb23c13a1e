"""The report page: complete, escaped, self-contained, the same every time."""

import base64
import io
import re
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from helpers.evaluations import HISTORY, HOSTILE, evaluation
from helpers.pages import Page
from numpy.typing import NDArray
from PIL import Image

from inception_hub.evaluation import Candidate, Report, Score, Selection, compare, render
from inception_hub.evaluation.coverage import Covered, SetFigures
from inception_hub.evaluation.intervals import wilson

pytest.importorskip("matplotlib")
POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


def picture(index: int) -> NDArray[np.uint8] | None:
    return None if index % 7 == 3 else np.full((90, 120 + index % 50, 3), index % 256, np.uint8)


def full(classes: int = 5, text: str = "text") -> Report:
    first = evaluation(60, classes, first=text)
    other = evaluation(60, classes, module=text, seed=1, first=text)
    return Report(
        title=text,
        facts={text: text, "seed": "0"},
        evaluation=first,
        picture=picture,
        history=[replace(HISTORY[0], phase=text), *HISTORY[1:]],
        augmented=[(text, np.zeros((30, 30, 3), np.uint8))] * 2,
        class_counts={text: {text: 3, "b": 1200}, "test": {text: 2}},
        notes=[text],
        comparison=(other, compare(first, other)),
    )


@cache
def rendered(classes: int = 5) -> str:
    """The page of `full(classes)`, made once: its plots take most of a second."""
    return render(full(classes))


def test_the_page_holds_everything() -> None:
    report = full(text="told")
    html = render(report)
    page = Page(html)
    assert html.startswith("<!doctype html>")
    assert page.texts("title") == page.texts("h1") == ["told"]
    assert page.texts("strong")[0] == f"{report.evaluation.top1:.1%}"
    headings = "Compared with told|Facts|Notes|Training|Classes|Most confused|Confusion matrix"
    assert page.texts("h2") == [*headings.split("|"), "Calibration", "Mistakes", "Augmentation", "Images"]
    assert page.texts("dt") == ["told", "seed"]
    wrong = len(report.evaluation.mistakes(24))
    pictures = [picture(index) for index in report.evaluation.mistakes(24)]
    assert len(page.of_class("wrong")) == wrong
    assert len(page.of_class("none")) == sum(image is None for image in pictures) > 0
    assert len(page.attributes("img")) == wrong - len(page.of_class("none")) + 2
    assert "1,200" in html
    assert len(page.attributes("svg")) == 5


def test_the_lowest_possible_loss_is_drawn_where_it_is_known() -> None:
    assert "lowest in training" not in rendered()
    page = render(replace(full(), lowest_loss=0.8))
    assert page.count("lowest in training") == 1 and page.count("<svg") == 5


def test_it_says_which_epoch_was_kept_and_shows_the_others_beside_it() -> None:
    candidates = (
        Candidate("head", 0, Score(1.14, 0.5, 20), kept=False),
        Candidate("all, epoch 2", 2, Score(0.9, 0.75, 20), kept=True),
    )
    report = replace(full(), selection=Selection("Kept: epoch 2, for a reason.", candidates))
    page = Page(render(report))
    assert "Kept: epoch 2, for a reason. Vertical dotted lines part the phases." in page.texts("p")
    cells = page.texts("td")
    start = cells.index("head")
    assert cells[start : start + 8] == [
        "head", "1.140", "50.0%", "29.9% to 70.1%", "all, epoch 2, kept", "0.900", "75.0%", "53.1% to 88.8%",
    ]  # fmt: skip
    alone = replace(report, history=(), selection=Selection("Kept: the head.", candidates[:1]))
    page = Page(render(alone))
    assert "Training" in page.texts("h2") and "Kept: the head." in page.texts("p")
    assert "Every epoch" not in page.texts("summary")


@pytest.mark.usefixtures("no_matplotlib")
def test_every_accuracy_has_its_interval() -> None:
    report = replace(full(9), evaluation=evaluation(60, 9), comparison=None)
    page = Page(render(report))
    explained = page.texts("small")
    assert f"most likely class right; 95% interval {report.evaluation.top1_interval}" in explained
    assert f"among the five most likely; 95% interval {report.evaluation.top5_interval}" in explained
    for score in report.evaluation.per_class():
        assert str(score.interval).replace(" to ", "\xa0to ") in explained, "two lines on a phone, not three"
    few = Page(render(full(5)))
    assert "top-5" not in few.texts("span") + few.texts("th")


@pytest.mark.usefixtures("no_matplotlib")
def test_classes_come_worst_first() -> None:
    page = Page(render(replace(full(), evaluation=evaluation(300, 9))))
    shares = [float((a["style"] or "").removeprefix("width: ").rstrip("%")) for a in page.attributes("i")]
    assert len(shares) == 9
    assert shares == sorted(shares)


def test_a_bare_evaluation_has_no_empty_sections() -> None:
    first = evaluation(6, 3)
    sure = replace(first, probabilities=np.eye(3, dtype=np.float32)[first.classes])
    page = Page(render(Report("bare", {}, sure, lambda index: None)))
    assert page.texts("h2") == ["Classes", "Most confused", "Confusion matrix", "Calibration"]
    assert "None: every prediction is right." in page.texts("p")


def test_a_calibrated_module_has_its_sets_and_its_risk() -> None:
    levels = tuple(Covered(asked, asked + 0.004, wilson(8, 9), 10 * asked, 0.25) for asked in (0.8, 0.995))
    figures = SetFigures(levels, 0.061, 551, 0.82)
    page = Page(render(replace(full(), evaluation=replace(evaluation(300, 9), sets=figures))))
    assert {"Sets of classes", "If only the surest are taken"} <= set(page.texts("h2"))
    cells = page.texts("td")
    assert {"80%", "99.5%", "8.00", "9.95", "25.0%"} <= set(cells)
    (sentence,) = [text for text in page.texts("p") if "Calibrated on" in text]
    assert "551 photos, temperature 0.82. 6.1% of these images are called unknown" in sentence
    assert len(page.attributes("svg")) == 6
    first = evaluation(6, 3)
    sure = replace(first, probabilities=np.eye(3, dtype=np.float32)[first.classes], sets=figures)
    page = Page(render(Report("sure", {}, sure, lambda index: None)))
    assert len(page.attributes("svg")) == 2, "a curve of no mistakes"
    assert "No mistake is left to avoid: every prediction is right." in page.texts("p")


def test_nothing_comes_from_elsewhere() -> None:
    for classes in (5, 50):
        html = rendered(classes)
        without_data = re.sub(r"data:image/(jpeg|png);base64,[A-Za-z0-9+/=\s]*", "", html)
        assert not re.search(r"https?:|//|@import|<script|<link|<iframe|javascript:", without_data)
        assert set(re.findall(r"url\([^)]*\)", without_data)) <= set(re.findall(r"url\(#\w+\)", without_data))
        policies = [a["content"] for a in Page(html).attributes("meta") if a.get("http-equiv")]
        assert policies == [POLICY]
        assert "prefers-color-scheme: dark" in html


def test_what_users_and_files_say_is_text() -> None:
    html = render(full(text=HOSTILE))
    page = Page(html)
    assert "script" not in {tag for tag, *_ in page.elements}
    assert not any(name.startswith("on") for _, attributes, _ in page.elements for name in attributes)
    assert all((a["src"] or "").startswith("data:image/jpeg;base64,") for a in page.attributes("img"))
    assert page.texts("h1") == [HOSTILE]
    assert HOSTILE[:23] + "…" in page.texts("text")  # of the confusion matrix
    assert HOSTILE in page.texts("b")


def test_a_name_that_is_no_text() -> None:
    stray = b"caf\xe9 \xf0".decode("utf-8", "surrogateescape")
    render(full(text=stray)).encode()
    render(full(text="猫 \x00\x1b 🐈")).encode()


def test_the_same_report_is_the_same_page() -> None:
    assert render(full()) == rendered()


def test_ids_are_unique_and_references_lead_somewhere() -> None:
    for classes in (5, 30):
        html = rendered(classes)
        ids = [a["id"] for _, a, _ in Page(html).elements if "id" in a]
        assert len(ids) == len(set(ids)) > 0
        assert set(re.findall(r'(?:url\(|href=")#(\w+)', html)) <= set(ids)


def test_a_large_page_stays_small() -> None:
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 256, (400, 400, 3)).astype(np.uint8)
    html = render(replace(full(), evaluation=evaluation(10_000, 200), picture=lambda index: noise))
    assert len(html) < 2_000_000
    (matrix,) = (a for a in Page(html).attributes("img") if a.get("class") == "heatmap")
    with Image.open(io.BytesIO(base64.b64decode((matrix["src"] or "").split(",")[1]))) as image:
        assert image.size == (200, 200)


def test_predictions_outside_the_data_are_one_column() -> None:
    many = evaluation(40, 20)
    few = replace(many, classes=many.classes % 3)
    page = Page(render(Report("few", {}, few, picture)))
    assert page.texts("text").count("any other class") == 1
    assert len(page.attributes("i")) == 3


@pytest.mark.usefixtures("no_matplotlib")
def test_without_matplotlib_a_note_stands_in_place_of_the_plots() -> None:
    for classes in (5, 50):
        page = Page(render(full(classes)))
        assert not page.attributes("svg")
        assert not [image for image in page.attributes("img") if image.get("class") == "heatmap"]
        assert "The report has no plots, as matplotlib is not installed: pip install matplotlib." in (
            page.texts("li")
        )
        headings = "Facts|Notes|Training|Classes|Most confused|Mistakes|Augmentation|Images"
        assert page.texts("h2")[1:] == headings.split("|")
