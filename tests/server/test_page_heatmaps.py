"""Heatmaps on the page in headless Chromium: by hover, touch and keyboard, never as the first view."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from helpers.browsing import DESKTOP, PHONE, opened
from helpers.serving import Served, jpeg, served

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
expect = playwright.expect
pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("INCEPTION_HUB_CACHE", str(tmp_path_factory.mktemp("cache")))
        with served("tiny_imagenet") as client:
            yield client


def give(page: Any) -> list[Any]:
    """Gives a photo and waits for its classes: their buttons."""
    photo = {"name": "one.jpg", "mimeType": "image/jpeg", "buffer": jpeg(1)}
    page.set_input_files("#files", [photo])
    expect(page.locator("ol").get_by_role("button")).to_have_count(5)
    expect(page.locator(".heat")).to_be_hidden()  # the photo is what is seen
    return page.locator("ol").get_by_role("button").all()


@pytest.fixture
def page(server: Served, browser: Any) -> Iterator[Any]:
    with opened(browser, f"{server.url}/", viewport=DESKTOP) as page:
        yield page


def shows(page: Any, button: Any) -> None:
    """The heatmap of the class of `button` is over the whole photo."""
    label = re.escape(button.locator(".label").inner_text())
    expect(page.locator(".heat")).to_have_attribute(
        "alt", re.compile(f"^Heatmap of {label}: strongest [a-z ]+$")
    )
    expect(page.locator(".heat")).to_be_visible()
    assert page.locator(".heat").bounding_box() == page.locator(".photo").bounding_box()
    assert page.locator(".photo").evaluate("(photo) => getComputedStyle(photo).filter") == "none"


def test_a_heatmap_is_seen_while_its_class_is_pointed_at(page: Any) -> None:
    paths: list[str] = []
    page.on("request", lambda r: paths.append(r.url.rpartition("/")[2]) if r.method == "POST" else None)
    buttons = give(page)
    assert paths == ["classify?top=5"]
    seen = set()
    for button in buttons:
        button.hover()
        shows(page, button)
        seen.add(page.locator(".heat").get_attribute("src"))
    assert len(seen) == 5 and paths == ["classify?top=5", "explain?top=5"]
    page.mouse.move(2, 2)
    expect(page.locator(".heat")).to_be_hidden()


def test_a_click_keeps_a_heatmap_and_another_takes_it_away(page: Any) -> None:
    first, second, *_ = give(page)
    first.click()
    page.mouse.move(2, 2)
    shows(page, first)
    assert page.locator("[aria-pressed=true]").count() == 1
    second.hover()
    shows(page, second)
    page.mouse.move(2, 2)
    shows(page, first)
    first.click()
    expect(page.locator(".heat")).to_be_hidden()
    expect(first).to_have_attribute("aria-pressed", "false")
    second.click()
    page.keyboard.press("Escape")
    expect(page.locator(".heat")).to_be_hidden()


def test_the_keyboard_shows_heatmaps_and_screen_readers_hear_of_them(page: Any) -> None:
    first, second, *_ = give(page)
    page.locator("#folder").focus()
    page.keyboard.press("Tab")
    expect(first).to_be_focused()
    shows(page, first)
    said = page.locator("#said")
    assert said.get_attribute("role") == "status"
    assert said.inner_text() == page.locator(".heat").get_attribute("alt")
    for key in ("Enter", "Space"):
        page.keyboard.press(key)
        expect(first).to_have_attribute("aria-pressed", "true" if key == "Enter" else "false")
    expect(page.locator(".heat")).to_be_hidden()
    page.keyboard.press("Tab")
    shows(page, second)
    assert second.locator(".label").inner_text() in said.inner_text()
    page.keyboard.press("Escape")
    expect(page.locator(".heat")).to_be_hidden()


def test_a_finger_shows_heatmaps(browser: Any, server: Served) -> None:
    with opened(browser, f"{server.url}/", viewport=PHONE, has_touch=True, is_mobile=True) as page:
        first, second, *_ = give(page)
        first.tap()
        shows(page, first)
        second.tap()
        shows(page, second)
        second.tap()
        expect(page.locator(".heat")).to_be_hidden()


def test_a_server_that_is_gone_is_told_and_asked_again(page: Any) -> None:
    first, second, *_ = give(page)
    page.route("**/explain*", lambda route: route.fulfill(status=400, json={"error": "Not now."}))
    first.hover()
    before = second.bounding_box()
    expect(page.get_by_role("alert")).to_have_text("Not now.")
    assert second.bounding_box() == before  # what the pointer is on stays there
    page.unroute("**/explain*")
    second.hover()
    shows(page, second)
    expect(page.get_by_role("alert")).to_have_count(0)
    assert second.bounding_box() == before
