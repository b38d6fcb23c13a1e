"""The pages of similar photos and near-duplicates in headless Chromium: they fit and can be read."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers.browsing import DESKTOP, PHONE, fits, least_contrast, opened
from helpers.copied_photos import scene

from inception_hub.similarity.page import SimilarPage, write_duplicates_page
from inception_hub.similarity.rows import DuplicateRow, Similar, SimilarRow

pytestmark = pytest.mark.browser

LONG = "a/very/long/folder" * 8 + "/and_a_name_without_any_blank" * 3 + ".jpg"


def pages(folder: Path) -> list[str]:
    """The addresses of a page of each kind."""
    scene(1).save(folder / "photo.png")
    photo = str(folder / "photo.png")
    with SimilarPage(folder / "similar.html", "tiny", 10**6) as page:
        found = tuple(Similar(path, 0.9) for path in [photo, LONG, *[photo] * 8])
        page.add(SimilarRow("holiday/cat.jpg", "tiny", found), np.asarray(scene(0)))
        page.add(SimilarRow(LONG, "tiny", error=f"{LONG} is damaged."), None)
    rows = [DuplicateRow(path, "tiny", 1 + i // 4, 0.9) for i, path in enumerate([photo, LONG, *[photo] * 6])]
    rows.append(DuplicateRow(LONG, "tiny", error=f"{LONG} is damaged."))
    write_duplicates_page(folder / "duplicates.html", rows, "tiny", 10**6)
    return [(folder / name).as_uri() for name in ("similar.html", "duplicates.html")]


@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desktop"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_they_fit_and_are_readable(
    browser: Any, tmp_path: Path, viewport: dict[str, int], scheme: str
) -> None:
    for url in pages(tmp_path):
        with opened(browser, url, viewport=viewport, color_scheme=scheme) as page:
            assert fits(page)
            header, footer = (page.locator(name).bounding_box() for name in ("header", "footer"))
            assert header["x"] == footer["x"]
            assert least_contrast(page, "h1, h1 b, h2, h2 span, h3, p, .gone") >= 4.5  # WCAG AA


def test_each_query_is_beside_or_above_what_was_found(browser: Any, tmp_path: Path) -> None:
    url = pages(tmp_path)[0]
    for viewport, beside in ((DESKTOP, True), (PHONE, False)):
        with opened(browser, url, viewport=viewport) as page:
            asked, first = (page.locator(name).first.bounding_box() for name in (".asked", "ol article"))
            assert (asked["x"] + asked["width"] <= first["x"]) is beside
            assert (asked["y"] + asked["height"] <= first["y"]) is not beside
            assert page.get_by_role("img", name="The photo cat.jpg").is_visible()
            assert (
                page.get_by_role("list", name="Most similar photos").first.get_by_role("listitem").count()
                == 10
            )


def test_groups_are_beside_each_other_where_there_is_room(browser: Any, tmp_path: Path) -> None:
    url = pages(tmp_path)[1]
    for viewport, beside in ((DESKTOP, True), (PHONE, False)):
        with opened(browser, url, viewport=viewport) as page:
            one, other = (each.bounding_box() for each in page.locator("section.group").all())
            assert (one["y"] == other["y"]) is beside
            assert page.get_by_role("heading", name="Group 1 4 photos").is_visible()
