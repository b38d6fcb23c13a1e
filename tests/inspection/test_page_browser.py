"""The page of an inspection in headless Chromium: read by eye and keyboard, on a phone and a desktop."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from helpers.browsing import DESKTOP, PHONE, fits, least_contrast, opened
from helpers.dataset_photos import png, split_of

from inception_hub.data import Dataset
from inception_hub.inspection.findings import Finding
from inception_hub.inspection.page import Inspected, render
from inception_hub.labels import Labels

pytestmark = pytest.mark.browser

LONG = "a very long name of a folder " * 4


def write(path: Path) -> str:
    """A page with all sorts of cards."""
    names = [f"daisy/{LONG}{number}.jpg" for number in range(30)]
    train = split_of([png(seed, (60, 90)) for seed in range(30)], [0] * 30, names)
    held = split_of([png(0, (60, 90)), None], [0, 1], ["held.jpg", "broken.jpg"])
    dataset = Dataset("flowers", Labels(("daisy", LONG), (None, None)), {"train": train, "validation": held})
    findings = [
        Finding("leak", ("train", 0), "daisy", 1.0, "", "exclude", ("validation", 0)),
        *(Finding("wrong label", ("train", i), "daisy", 0.01, LONG, "exclude") for i in range(30)),
        Finding("unreadable", ("validation", 1), LONG, None, "broken.jpg is damaged; give another."),
        Finding("dark", ("train", 4), "daisy", 0.1),
    ]
    confused = [("daisy", LONG, 12, 40)]
    page = Inspected(dataset, "tiny", findings, confused, 0.8, 4, ["1 file is not read."], Path("d.csv"))
    path.write_text(render(page), "utf-8")
    return path.as_uri()


@pytest.fixture
def page(browser: Any, tmp_path: Path) -> Iterator[Any]:
    with opened(browser, write(tmp_path / "page.html"), viewport=DESKTOP) as page:
        yield page


def test_groups_have_counts_and_links(page: Any) -> None:
    links = page.get_by_role("navigation", name="Findings").get_by_role("link")
    assert [" ".join(text.split()) for text in links.all_inner_texts()] == [
        "In two splits 1",
        "Likely wrong labels 30",
        "Cannot be read 1",
        "Dark 1",
        "Classes hard to tell apart 1",
    ]
    assert page.get_by_text("And 6 more, all in d.csv.").is_visible()
    assert page.get_by_text("30 photos, 30 proposed to be left out").is_visible()


def test_the_keyboard_leads_to_a_group(page: Any) -> None:
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    focused = "() => document.activeElement.getAttribute('href')"
    assert page.evaluate(focused) == "#wrong-label"
    assert page.evaluate("() => getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    assert page.evaluate("() => location.hash") == "#wrong-label"
    heading = page.get_by_role("heading", name="Likely wrong labels")
    assert 0 <= heading.bounding_box()["y"] < DESKTOP["height"] / 2


def test_pictures_are_there_side_by_side(page: Any) -> None:
    pair = page.locator("#leak img")
    first, second = (each.bounding_box() for each in pair.all())
    assert first["y"] == second["y"] and first["x"] + first["width"] < second["x"]
    for image in page.locator("img").all():
        image.scroll_into_view_if_needed()
        assert image.evaluate("(image) => image.decode().then(() => image.naturalWidth)") > 0
    assert page.locator("#unreadable").get_by_text("no picture").is_visible()


@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desktop"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_and_is_readable(browser: Any, tmp_path: Path, viewport: dict[str, int], scheme: str) -> None:
    with opened(browser, write(tmp_path / "page.html"), viewport=viewport, color_scheme=scheme) as page:
        assert fits(page)
        texts = (
            "h1, h2, h2 small, p, a span, a b, figcaption, figcaption b, .file, .verdict, .out, td, th, li"
        )
        assert least_contrast(page, texts) >= 4.5  # WCAG AA
