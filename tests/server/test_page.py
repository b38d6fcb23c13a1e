"""The page in headless Chromium: `make browser`."""

import os
import re
import shutil
from collections.abc import Iterator

import pytest
from helpers.serving import Served, jpeg, served

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("INCEPTION_HUB_CACHE", str(tmp_path_factory.mktemp("cache")))
        with served("tiny_imagenet") as client:
            yield client


@pytest.fixture(scope="module")
def browser():  # type: ignore[no-untyped-def]
    chromium = shutil.which(os.environ.get("CHROMIUM", "chromium"))
    if chromium is None:
        pytest.skip("chromium is not installed")
    with playwright.sync_playwright() as library:
        started = library.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture
def page(server: Served, browser):  # type: ignore[no-untyped-def]
    """The page; whatever it asks of other hosts, logs or breaks fails the test."""
    opened = browser.new_page()
    problems: list[str] = []
    opened.on(
        "request",
        lambda r: None if r.url.startswith((server.url, "blob:", "data:")) else problems.append(r.url),
    )
    opened.on("pageerror", lambda error: problems.append(str(error)))
    opened.on(
        "console", lambda m: problems.append(m.text) if m.type == "error" and " 400 " not in m.text else None
    )
    opened.goto(server.url)
    yield opened
    opened.close()
    assert problems == []


def files(*photos: tuple[str, bytes]) -> list[dict]:
    return [{"name": name, "mimeType": "image/jpeg", "buffer": content} for name, content in photos]


def test_photos_get_their_five_best_classes(page, server: Served) -> None:  # type: ignore[no-untyped-def]
    page.set_input_files("#files", files(("one.jpg", jpeg(1)), ("two.jpg", jpeg(2))))
    playwright.expect(page.locator("#photos > li")).to_have_count(2)
    cards = page.locator("#photos > li")
    playwright.expect(cards.locator("ol > li")).to_have_count(10)
    expected = server.post("/classify", jpeg(1)).json["predictions"]
    card = cards.filter(has_text="one.jpg")
    assert card.locator(".label").all_inner_texts() == [each["label"] for each in expected]
    assert card.locator(".percent").first.inner_text() == f"{100 * expected[0]['probability']:.1f}%"
    bar, track = card.locator(".bar i").first.bounding_box(), card.locator(".bar").first.bounding_box()
    assert bar["width"] / track["width"] == pytest.approx(expected[0]["probability"], abs=0.02)


def test_a_bad_photo_says_why_and_the_next_is_answered(page) -> None:  # type: ignore[no-untyped-def]
    page.set_input_files("#files", files(("bad.jpg", jpeg(1)[:300]), ("good.jpg", jpeg(2))))
    playwright.expect(page.get_by_role("alert")).to_contain_text("damaged")
    playwright.expect(page.locator("ol > li")).to_have_count(5)


def hand_over(page, event: str) -> None:  # type: ignore[no-untyped-def]
    """Drops or pastes a photo as the browser would."""
    page.evaluate(
        """([event, bytes]) => {
            const transfer = new DataTransfer();
            transfer.items.add(new File([new Uint8Array(bytes)], "handed.jpg", {type: "image/jpeg"}));
            document.getElementById("drop").dispatchEvent(event === "paste"
                ? new ClipboardEvent(event, {clipboardData: transfer, bubbles: true})
                : new DragEvent(event, {dataTransfer: transfer, bubbles: true}));
        }""",
        [event, list(jpeg(3))],
    )


@pytest.mark.parametrize("event", ["drop", "paste"])
def test_photos_are_dropped_and_pasted(page, event: str) -> None:  # type: ignore[no-untyped-def]
    hand_over(page, event)
    playwright.expect(page.locator("ol > li")).to_have_count(5)
    playwright.expect(page.locator("h2")).to_have_text("handed.jpg")


def test_the_keyboard_reaches_everything_and_the_screen_reader_hears_it(page) -> None:  # type: ignore[no-untyped-def]
    page.keyboard.press("Tab")
    assert page.evaluate("() => document.activeElement.id") == "files"
    page.set_input_files("#files", files(("one.jpg", jpeg(1))))
    playwright.expect(page.get_by_role("status")).to_contain_text(re.compile(r"one\.jpg: .+ [0-9.]+%"))
    assert page.get_by_role("img", name="The photo one.jpg").is_visible()
    assert page.get_by_label("choose files").count() == 1
    button = page.locator("ol").get_by_role("button").first
    for _ in range(3):
        if page.evaluate("() => document.activeElement.tagName") == "BUTTON":
            break
        page.keyboard.press("Tab")
    page.keyboard.press("Space")
    playwright.expect(button).to_have_attribute("aria-pressed", "true")


def test_the_modules_card(page, server: Served) -> None:  # type: ignore[no-untyped-def]
    page.get_by_text("About this module").click()
    playwright.expect(page.locator("dl")).to_contain_text("200")
    playwright.expect(page.locator("pre")).to_contain_text(server.module.spec.bundle.card.splitlines()[0])


def test_a_heatmap_is_laid_over_the_photo_for_any_class(page) -> None:  # type: ignore[no-untyped-def]
    page.set_input_files("#files", files(("one.jpg", jpeg(1))))
    buttons = page.locator("ol").get_by_role("button")
    playwright.expect(buttons).to_have_count(5)
    heat, photo = page.locator(".heat"), page.locator(".photo").bounding_box()
    seen = set()
    for button in buttons.all():
        button.click()
        playwright.expect(button).to_have_attribute("aria-pressed", "true")
        assert page.locator("[aria-pressed=true]").count() == 1
        playwright.expect(heat).to_have_attribute("alt", re.compile(button.locator(".label").inner_text()))
        assert page.locator(".legend").is_visible()
        box = heat.bounding_box()
        assert box["width"] == pytest.approx(0.875 * photo["width"], abs=1)
        assert box["x"] == pytest.approx(photo["x"] + photo["width"] / 16, abs=1)
        assert heat.evaluate("(image) => image.decode().then(() => image.naturalWidth)") == 4
        seen.add(heat.get_attribute("src"))
    assert len(seen) == 5
    buttons.last.click()
    playwright.expect(heat).to_be_hidden()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_light_and_dark_are_readable(browser, server: Served, scheme: str) -> None:  # type: ignore[no-untyped-def]
    opened = browser.new_page(color_scheme=scheme, viewport={"width": 320, "height": 700})
    opened.goto(server.url)
    opened.set_input_files(
        "#files", files(("a_rather_long_name_without_any_space_in_it_at_all.jpg", jpeg(1)))
    )
    playwright.expect(opened.locator("ol > li")).to_have_count(5)
    colours = opened.evaluate(
        """() => [...document.querySelectorAll("h1, h2, .quiet, .label, .percent, summary")]
            .filter((each) => each.checkVisibility())
            .map((each) => [getComputedStyle(each).color, (function back(at) {
                const colour = getComputedStyle(at).backgroundColor;
                return colour === "rgba(0, 0, 0, 0)" ? back(at.parentElement) : colour;
            })(each)])"""
    )
    assert min(contrast(ink, page) for ink, page in colours) >= 4.5  # WCAG AA
    assert opened.evaluate("() => document.documentElement.scrollWidth") <= 320
    opened.close()


def contrast(one: str, other: str) -> float:
    """WCAG's contrast ratio of two CSS colours."""

    def luminance(colour: str) -> float:
        channels = [int(value) / 255 for value in re.findall(r"\d+", colour)[:3]]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)
