"""The report page: complete, escaped, self-contained, the same every time; and the plots in it."""

import base64
import io
import re
import sys
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from helpers.pages import Page
from numpy.typing import NDArray
from PIL import Image

from inception_hub.evaluation import Bin, Epoch, Evaluation, Report, compare, plots, render
from inception_hub.labels import Labels

pytest.importorskip("matplotlib")
HOSTILE = '<script>alert(1)</script>"> id="x" $y^2$ & <img src=x onerror=alert(2)>'
POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
HISTORY = [
    Epoch("head", 1, 1.5, 1.4, 0.5, 0.001, 100, 0.02),
    Epoch("all", 1, 0.9, None, None, 0.0005, 90, 0.02),
    Epoch("all", 2, float("nan"), 0.9, 0.7, 0.0, 90, 0.02),
]


def evaluation(
    images: int, classes: int, module: str = "tiny", seed: int = 0, first: str = "a"
) -> Evaluation:
    rng = np.random.default_rng(seed)
    truth = np.arange(images) % classes
    probabilities = rng.random((images, classes))
    probabilities[np.arange(images), truth] += rng.random(images)
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    labels = Labels((first, *(f"class {i}" for i in range(1, classes))), (None,) * classes)
    names = [f"photos/{i}.jpg" for i in range(images)]
    return Evaluation(module, "photos test", labels, truth, probabilities.astype(np.float32), names)


def picture(index: int) -> NDArray[np.uint8] | None:
    return None if index % 7 == 3 else np.full((90, 120 + index % 50, 3), index % 256, np.uint8)


def full(classes: int = 5, text: str = "text") -> Report:
    found = evaluation(60, classes, first=text)
    other = evaluation(60, classes, module=text, seed=1, first=text)
    return Report(
        title=text,
        facts={text: text, "seed": "0"},
        evaluation=found,
        picture=picture,
        history=[replace(HISTORY[0], phase=text), *HISTORY[1:]],
        augmented=[(text, np.zeros((30, 30, 3), np.uint8))] * 2,
        class_counts={text: {text: 3, "b": 1200}, "test": {text: 2}},
        notes=[text],
        comparison=(other, compare(found, other)),
    )


def test_the_page_tells_everything() -> None:
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
    assert "lowest in training" not in render(full())
    page = render(replace(full(), lowest_loss=0.8))
    assert page.count("lowest in training") == 1 and page.count("<svg") == 5


def test_classes_come_worst_first() -> None:
    page = Page(render(replace(full(), evaluation=evaluation(300, 9))))
    shares = [float((a["style"] or "").removeprefix("width: ").rstrip("%")) for a in page.attributes("i")]
    assert len(shares) == 9
    assert shares == sorted(shares)


def test_a_bare_evaluation_has_no_empty_sections() -> None:
    found = evaluation(6, 3)
    sure = replace(found, probabilities=np.eye(3, dtype=np.float32)[found.classes])
    page = Page(render(Report("bare", {}, sure, lambda index: None)))
    assert page.texts("h2") == ["Classes", "Most confused", "Confusion matrix", "Calibration"]
    assert "Nothing: every answer is right." in page.texts("p")


def test_nothing_comes_from_elsewhere() -> None:
    for report in (full(), full(50)):
        html = render(report)
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
    assert render(full()) == render(full())


def test_ids_are_unique_and_references_lead_somewhere() -> None:
    for report in (full(), full(30)):
        html = render(report)
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


def test_answers_outside_the_data_are_one_column() -> None:
    found = evaluation(40, 20)
    few = replace(found, classes=found.classes % 3)
    page = Page(render(Report("few", {}, few, picture)))
    assert page.texts("text").count("any other class") == 1
    assert len(page.attributes("i")) == 3


@pytest.mark.parametrize(
    "plot",
    [
        lambda: plots.confusion(np.arange(6).reshape(2, 3), ["one", HOSTILE, "three"]),
        lambda: plots.confusion(np.zeros((40, 40), np.int64), [str(i) for i in range(40)]),
        lambda: plots.reliability(evaluation(100, 4).reliability()),
        lambda: f"<p>{plots.curves(HISTORY)}</p>",
        lambda: f"<p>{plots.curves(HISTORY[1:2])}</p>",
    ],
)
def test_plots_are_well_formed_and_in_the_page_s_colours(plot: Callable[[], str]) -> None:
    svg = plot()
    ElementTree.fromstring(svg)
    assert "currentColor" in svg
    assert "#01020" not in svg
    assert "<style" not in svg and "<?xml" not in svg and "font-family" not in svg
    assert len(svg) < 60_000


def test_text_stays_text() -> None:
    words = Page(plots.reliability(evaluation(100, 4).reliability())).texts("text")
    assert {"accuracy", "confidence", "images"} <= set(words)
    assert "$y$" in Page(plots.confusion(np.ones((1, 1), np.int64), ["$y$"])).texts("text")


def test_plots_leave_matplotlib_as_it_was() -> None:
    import matplotlib

    before = dict(matplotlib.rcParams)
    plots.curves(HISTORY)
    assert dict(matplotlib.rcParams) == before


def test_without_matplotlib_a_note_stands_in_place_of_the_plots(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    for classes in (5, 50):
        page = Page(render(full(classes)))
        assert not page.attributes("svg")
        assert not [image for image in page.attributes("img") if image.get("class") == "heatmap"]
        assert "The report has no plots, as matplotlib is not installed: pip install matplotlib." in (
            page.texts("li")
        )
        headings = "Facts|Notes|Training|Classes|Most confused|Mistakes|Augmentation|Images"
        assert page.texts("h2")[1:] == headings.split("|")


def test_what_is_claimed_and_what_is_kept_have_colours_of_their_own() -> None:
    """The legend has both; there is one bar more of the colour where there is such a gap."""
    sure, modest = Bin(0.8, 1.0, 10, 0.9, 0.5), Bin(0.8, 1.0, 10, 0.9, 0.95)
    second = "var(--second, #c2703d)"
    claimed, kept = (plots.reliability([found]).count(second) for found in (sure, modest))
    assert claimed == kept + 1
    words = Page(plots.reliability([sure])).texts("text")
    assert {"claimed, not kept", "kept, not claimed"} <= set(words)


def test_curves_show_both_losses() -> None:
    words = Page(f"<p>{plots.curves(HISTORY)}</p>").texts("text")
    assert words.count("training") == words.count("validation") == 1
    assert {"Loss", "Top-1 accuracy on validation, %", "Learning rate"} <= set(words)
    alone = Page(f"<p>{plots.curves(HISTORY[1:2])}</p>").texts("text")
    assert "Top-1 accuracy on validation, %" not in alone
