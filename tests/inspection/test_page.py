"""The page of an inspection: bounded, escaped, and the same whatever a photo or a name holds."""

from pathlib import Path

import pytest
from helpers.dataset_photos import png, split_of
from helpers.pages import Page

from inception_hub.data import Dataset
from inception_hub.inspection.findings import Finding
from inception_hub.inspection.page import SHOWN, SHOWN_NAMES, Inspected, render
from inception_hub.labels import Labels

HOSTILE = "<script>alert(1)</script>\udcff"


def inspected(findings: list[Finding], confused: int = 0, **changes) -> Inspected:
    count = 60
    splits = {
        "train": split_of([png(i, (40, 30)) for i in range(count)], [0] * count, [HOSTILE] * count),
        "validation": split_of([None], [1]),
    }
    dataset = Dataset(HOSTILE, Labels((HOSTILE, "b"), (None, None)), splits)
    pairs = [(HOSTILE, f"class {i}", 1234, 5000) for i in range(confused)]
    defaults = {"module": HOSTILE, "accuracy": 0.8251, "excluded": 3, "notes": [HOSTILE], "decisions": None}
    return Inspected(dataset, findings=findings, confused=pairs, **(defaults | changes))


def dark(count: int) -> list[Finding]:
    return [Finding("dark", ("train", i), HOSTILE, 0.1, HOSTILE) for i in range(count)]


@pytest.mark.parametrize("decisions", [None, Path("d&c.csv")])
def test_pictures_are_bounded_and_the_rest_is_counted(decisions: Path | None) -> None:
    html = render(inspected(dark(60), 30, decisions=decisions))
    page = Page(html)
    assert len(page.attributes("img")) == SHOWN == 24
    where = "d&c.csv" if decisions else "the file that --decisions writes"
    assert page.of_class("more") == [f"And 36 more, all in {where}.", "And 10 more; --json lists all."]
    assert len(page.texts("tr")) == SHOWN_NAMES + 1
    assert "1,234" in page.texts("td")


def test_text_of_others_is_escaped() -> None:
    html = render(inspected(dark(2), 1))
    assert "<script" not in html and "&lt;script&gt;" in html and "\\udcff" in html
    html.encode("utf-8")
    (policy,) = [m for m in Page(html).attributes("meta") if m.get("http-equiv")]
    assert "default-src 'none'" in (policy["content"] or "") and "script-src" not in (policy["content"] or "")


def test_pairs_have_two_pictures_and_what_cannot_be_read_has_none() -> None:
    leak = Finding("leak", ("train", 1), HOSTILE, 0.9, "", "exclude", ("validation", 0))
    page = Page(render(inspected([leak, Finding("unreadable", ("validation", 0), "b", None, "Gone.")])))
    assert len(page.attributes("img")) == 1 and page.of_class("none") == ["no picture"] * 2
    assert page.of_class("verdict") == ["copy, 0.90; labels differ", "Gone."]
    assert page.of_class("out") == ["left out, if you agree"]
    assert page.of_class("cards pairs") and page.of_class("cards")


def test_nothing_found_is_said() -> None:
    page = Page(render(inspected([], notes=[], accuracy=None)))
    assert not page.attributes("img") and not page.attributes("a")
    (clean,) = page.of_class("clean")
    assert clean.startswith("Nothing found of: in two splits, copies with") and "tiny" in clean
    assert "Notes" not in page.texts("h2")


def test_the_same_inspection_gives_the_same_page() -> None:
    assert render(inspected(dark(3), 2)) == render(inspected(dark(3), 2))
    assert "82.5%" in render(inspected([]))
