"""The report of an evaluation or a run in headless Chromium: it fits and is read, by keyboard too."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers.browsing import DESKTOP, PHONE, fits, least_contrast, opened
from helpers.evaluations import HISTORY, evaluation

from inception_hub.evaluation import Candidate, Report, Score, Selection, compare, render

pytest.importorskip("matplotlib")
pytestmark = pytest.mark.browser
LONG = "a_very_long_name_without_any_blank_" * 4


def write(path: Path, name: str = LONG) -> str:
    """A page with every section, whose names are `name`."""
    first, other = evaluation(60, 9, first=name), evaluation(60, 9, module=name, seed=1, first=name)
    history = [*HISTORY[:2], replace(HISTORY[2], kept=True)]
    start = Candidate("head", 0, Score(1.2, 0.6, 10), kept=False)
    page = Report(
        title=name,
        facts={"data": name},
        evaluation=first,
        picture=lambda index: np.full((90, 120, 3), index, np.uint8) if index % 2 else None,
        history=history,
        augmented=[("original", np.zeros((30, 30, 3), np.uint8))] * 6,
        class_counts={name: {name: 3, "b": 1200}, "test": {name: 2}},
        notes=[name],
        comparison=(other, compare(first, other)),
        selection=Selection("Kept: epoch 3.", (start,)),
        lowest_loss=0.3,
    )
    path.write_text(render(page), "utf-8")
    return path.as_uri()


@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desktop"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_and_is_readable(browser: Any, tmp_path: Path, viewport: dict[str, int], scheme: str) -> None:
    with opened(browser, write(tmp_path / "page.html"), viewport=viewport, color_scheme=scheme) as page:
        page.locator("details summary").click()
        assert fits(page)
        texts = "h1, h2, p, span, small, strong, b, dt, dd, td, th, li, summary, .none, .wrong, .file"
        assert least_contrast(page, texts) >= 4.5  # WCAG AA


@pytest.mark.parametrize("width", [390, 700, 960, 1040, 1060, 1280])
def test_tables_of_short_names_need_no_scrolling(browser: Any, tmp_path: Path, width: int) -> None:
    window = {"width": width, "height": 900}
    with opened(browser, write(tmp_path / "page.html", "coffee"), viewport=window) as page:
        wider = page.evaluate(
            """() => [...document.querySelectorAll(".box")]
                .filter((each) => each.checkVisibility() && each.scrollWidth > each.clientWidth + 1)
                .map((each) => each.getAttribute("aria-label"))"""
        )
        assert wider == []


def test_what_scrolls_is_reached_by_the_keyboard(browser: Any, tmp_path: Path) -> None:
    with opened(browser, write(tmp_path / "page.html"), viewport=PHONE) as page:
        page.locator("details summary").click()
        unreachable = page.evaluate(
            """() => [...document.querySelectorAll("*")]
                .filter((each) => ["auto", "scroll"].includes(getComputedStyle(each).overflowX)
                    && (each.scrollWidth > each.clientWidth + 1 || each.scrollHeight > each.clientHeight + 1)
                    && each.tabIndex < 0)
                .map((each) => each.outerHTML.slice(0, 80))"""
        )
        assert unreachable == []


def test_every_picture_has_a_text(browser: Any, tmp_path: Path) -> None:
    with opened(browser, write(tmp_path / "page.html"), viewport=DESKTOP) as page:
        unnamed = page.evaluate(
            """() => [...document.querySelectorAll("img, svg")]
                .filter((each) => !(each.getAttribute("alt") || each.getAttribute("aria-label"))).length"""
        )
        assert unnamed == 0 and page.locator("svg").count() == 5
