"""The gallery in headless Chromium: searched, filtered, sorted; heatmaps by hover, touch and keyboard."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers.browsing import DESKTOP, PHONE, fits, least_contrast, opened
from helpers.written_rows import SETS

from inception_hub.images.heatmaps import heatmap
from inception_hub.inference.predictions import Prediction
from inception_hub.inference.row import Row
from inception_hub.output.gallery import Gallery

pytestmark = pytest.mark.browser

ROWS = [  # path, classes with their probabilities
    ("holiday/IMG_10.jpg", [("tabby", 0.6), ("Egyptian cat", 0.3)]),
    ("holiday/IMG_9.jpg", [("espresso", 0.95), ("teapot", 0.01)]),
    ("holiday/broken.jpg", None),
    ("home/cup.jpg", [("espresso", 0.4), ("tabby", 0.2)]),
    ("home/<b>odd.jpg", [("<i>odd</i>", 0.9), ("teapot", 0.1)]),
]


def write(path: Path, heatmaps: int = 0, photos: int = len(ROWS)) -> str:
    photo = np.full((60, 80, 3), (200, 30, 60), np.uint8)
    map = np.array([[0, 0], [0, 1]], np.float32)
    with Gallery(path, "tiny", heatmaps) as gallery:
        for name, classes in ROWS[:photos]:
            if classes is None:
                gallery.add(Row(name, "tiny", error=f"{name} is damaged."))
                continue
            predictions = tuple(Prediction(label, 0, share) for label, share in classes)
            drawn = [heatmap(np.roll(map, i), 80, 60, (1.0, 1.0)) for i in range(heatmaps)]
            gallery.add(Row(name, "tiny", predictions=predictions), photo, drawn)
    return path.as_uri()


@pytest.fixture
def page(browser: Any, tmp_path: Path) -> Iterator[Any]:
    with opened(browser, write(tmp_path / "page.html"), viewport=DESKTOP) as page:
        yield page


def names(page: Any) -> list[str]:
    """Of the photos that are to be seen, in order."""
    return [each.text_content() for each in page.locator("h2").all() if each.is_visible()]


def test_all_photos_are_there_at_first(page: Any) -> None:
    assert names(page) == [path.split("/")[1] for path, _ in ROWS]
    assert page.get_by_text("5 photos", exact=True).is_visible()


def test_a_few_photos_need_no_search(browser: Any, tmp_path: Path) -> None:
    with opened(browser, write(tmp_path / "few.html", photos=4), viewport=DESKTOP) as page:
        assert len(names(page)) == 4 and not page.get_by_role("searchbox").is_visible()
        assert not page.get_by_text("4 photos", exact=True).is_visible()


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("espresso", ["IMG_9.jpg", "cup.jpg"]),
        ("TABBY", ["IMG_10.jpg", "cup.jpg"]),
        ("home espr", ["cup.jpg"]),
        ("damaged", []),
        ("broken", ["broken.jpg"]),
        ("<i>", ["<b>odd.jpg"]),
    ],
)
def test_search_finds_names_and_classes(page: Any, words: str, expected: list[str]) -> None:
    page.get_by_role("searchbox", name="Search").fill(words)
    assert names(page) == expected
    # What is not shown is not in the list either: thousands that are hidden in place take a minute.
    assert page.locator("main > ul > li").count() == len(expected)
    assert page.get_by_role("status").first.inner_text() == f"{len(expected)} of 5 photos"
    page.get_by_role("button", name="Show all").click()
    page.get_by_text("5 photos", exact=True).wait_for()
    assert len(names(page)) == 5


def test_filters_by_class_confidence_and_error(page: Any) -> None:
    label = page.locator("[name=label]")
    assert [each.inner_text() for each in label.locator("option").all()] == [
        "All",
        "<i>odd</i> (1)",
        "espresso (2)",
        "tabby (1)",
    ]
    label.select_option("espresso (2)")
    assert names(page) == ["IMG_9.jpg", "cup.jpg"]
    page.get_by_label("at least").fill("50")
    assert names(page) == ["IMG_9.jpg"]
    page.get_by_role("button", name="Show all").click()
    page.get_by_text("5 photos", exact=True).wait_for()
    page.get_by_label("at most").fill("60")
    assert names(page) == ["IMG_10.jpg", "cup.jpg"]
    page.get_by_label("at most").fill("")
    page.locator("[name=state]").select_option("Errors")
    assert names(page) == ["broken.jpg"]
    page.locator("[name=state]").select_option("Photos")
    assert len(names(page)) == 4 and "broken.jpg" not in names(page)


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("Surest first", ["IMG_9.jpg", "<b>odd.jpg", "IMG_10.jpg", "cup.jpg", "broken.jpg"]),
        ("Least sure first", ["cup.jpg", "IMG_10.jpg", "<b>odd.jpg", "IMG_9.jpg", "broken.jpg"]),
        ("By class", ["<b>odd.jpg", "IMG_9.jpg", "cup.jpg", "IMG_10.jpg", "broken.jpg"]),
        ("By name", ["broken.jpg", "IMG_9.jpg", "IMG_10.jpg", "<b>odd.jpg", "cup.jpg"]),
    ],
)
def test_order(page: Any, order: str, expected: list[str]) -> None:
    page.locator("[name=order]").select_option(order)
    assert names(page) == expected
    page.locator("[name=order]").select_option("As given")
    assert names(page)[0] == "IMG_10.jpg" and names(page)[2] == "broken.jpg"


def test_without_scripts_all_is_there_to_read(browser: Any, tmp_path: Path) -> None:
    url = write(tmp_path / "page.html", heatmaps=2)
    with opened(browser, url, java_script_enabled=False, viewport=DESKTOP) as page:
        assert len(names(page)) == 5 and not page.get_by_role("search").is_visible()
        assert page.get_by_text("95.0%").is_visible()
        page.get_by_role("button", name="espresso").first.hover()
        assert page.get_by_role("img", name="Heatmap of espresso").count() == 1


def heat(page: Any) -> list[str]:
    """The heatmaps that are to be seen, by their texts."""
    return [each.get_attribute("alt") for each in page.locator(".heat").all() if each.is_visible()]


@pytest.fixture
def explained(browser: Any, tmp_path: Path) -> Iterator[Any]:
    with opened(browser, write(tmp_path / "page.html", heatmaps=2), viewport=DESKTOP) as page:
        yield page


def test_a_heatmap_is_seen_while_its_class_is_pointed_at(explained: Any) -> None:
    assert heat(explained) == []  # the photo is what is seen
    explained.get_by_role("button", name="tabby").first.hover()
    assert heat(explained) == ["Heatmap of tabby: strongest lower right"]
    over, photo = explained.locator(".heat").first, explained.locator(".photo").first
    assert over.bounding_box() == photo.bounding_box()
    assert over.evaluate("(image) => image.decode().then(() => image.naturalWidth)") == 80
    explained.get_by_role("button", name="Egyptian cat").hover()
    assert heat(explained) == ["Heatmap of Egyptian cat: strongest upper left"]
    explained.mouse.move(1, 1)
    assert heat(explained) == []


def test_the_keyboard_shows_heatmaps_and_screen_readers_hear_of_them(explained: Any) -> None:
    explained.get_by_role("button", name="Show all").focus()
    explained.keyboard.press("Tab")
    assert heat(explained) == ["Heatmap of tabby: strongest lower right"]
    said = explained.locator("#said")
    assert said.get_attribute("role") == "status"
    assert said.inner_text() == "Heatmap of tabby: strongest lower right"
    outline = "() => getComputedStyle(document.activeElement).outlineStyle"
    assert explained.evaluate(outline) == "solid"
    explained.keyboard.press("Tab")
    assert heat(explained) == [said.inner_text()] == ["Heatmap of Egyptian cat: strongest upper left"]


def test_a_finger_shows_heatmaps(browser: Any, tmp_path: Path) -> None:
    url = write(tmp_path / "page.html", heatmaps=2)
    with opened(browser, url, viewport=PHONE, has_touch=True, is_mobile=True) as page:
        page.get_by_role("button", name="tabby").first.tap()
        assert heat(page) == ["Heatmap of tabby: strongest lower right"]
        page.locator("h1").tap()
        assert heat(page) == []


@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desktop"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_and_is_readable(browser: Any, tmp_path: Path, viewport: dict[str, int], scheme: str) -> None:
    url = write(tmp_path / "page.html", heatmaps=2)
    with opened(browser, url, viewport=viewport, color_scheme=scheme) as page:
        assert fits(page)
        texts = "h1, h1 b, p, label, input, select, button, h2, .label, .percent"
        assert least_contrast(page, texts) >= 4.5  # WCAG AA


def sets(path: Path) -> str:
    """A page of sets for a coverage: of two classes, of none, of an unknown photo, and an error."""
    photo = np.full((60, 80, 3), (200, 30, 60), np.uint8)
    with Gallery(path, "tiny") as gallery:
        for row in SETS:
            gallery.add(row, None if row.error else photo)
    return path.as_uri()


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE])
def test_unknown_photos_are_found(browser: Any, tmp_path: Path, viewport: Any) -> None:
    with opened(browser, sets(tmp_path / "sets.html"), viewport=viewport) as page:
        assert fits(page) and least_contrast(page, ".unknown, .error, .label") >= 4.5
        page.get_by_label("Show").select_option("unknown")
        assert names(page) == ["ufo.jpg", "new.jpg"]
        page.get_by_label("Show").select_option("errors")
        assert names(page) == ["bad.jpg"], "an empty set is no error"
        page.get_by_label("Show").select_option("photos")
        assert names(page) == ["cat.jpg", "odd.jpg", "ufo.jpg", "new.jpg"]
        page.get_by_label("Order").select_option("surest")
        assert names(page) == ["cat.jpg", "ufo.jpg", "odd.jpg", "new.jpg"], "without a class last"


def test_without_unknown_photos_there_is_no_choice_of_them(page: Any) -> None:
    assert page.locator("option[value=unknown]").get_attribute("hidden") is not None
