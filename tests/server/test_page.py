"""The page in headless Chromium: `make browser`."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from helpers.browsing import DESKTOP, PHONE, drop_folder, fits, hand_over, least_contrast, opened
from helpers.serving import Served, jpeg, served

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
expect = playwright.expect
pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("INCEPTION_HUB_CACHE", str(tmp_path_factory.mktemp("cache")))
        with served("tiny_imagenet", body_bytes=2_000_000) as client:
            yield client


@pytest.fixture
def page(server: Served, browser: Any) -> Iterator[Any]:
    with opened(browser, f"{server.url}/", viewport=DESKTOP) as page:
        yield page


def files(*photos: tuple[str, bytes], kind: str = "image/jpeg") -> list[dict]:
    return [{"name": name, "mimeType": kind, "buffer": content} for name, content in photos]


def asked(page: Any) -> list[str]:
    """The paths of the requests made from now on."""
    paths: list[str] = []
    page.on(
        "request",
        lambda r: paths.append(r.url.rpartition("/")[2].split("?")[0]) if r.method == "POST" else None,
    )
    return paths


def test_photos_get_their_five_best_classes(page: Any, server: Served) -> None:
    page.set_input_files("#files", files(("one.jpg", jpeg(1)), ("two.jpg", jpeg(2))))
    expect(page.locator("#photos > li")).to_have_count(2)
    cards = page.locator("#photos > li")
    expect(cards.locator("ol > li")).to_have_count(10)
    expected = server.post("/classify", jpeg(1)).json["predictions"]
    card = cards.filter(has_text="one.jpg")
    assert card.locator(".label").all_inner_texts() == [each["label"] for each in expected]
    assert card.locator(".percent").first.inner_text() == f"{100 * expected[0]['probability']:.1f}%"
    bar, track = card.locator(".bar i").first.bounding_box(), card.locator(".bar").first.bounding_box()
    assert bar["width"] / track["width"] == pytest.approx(expected[0]["probability"], abs=0.02)


def test_the_bar_of_the_best_class_alone_has_the_colour_of_the_best(page: Any) -> None:
    page.set_input_files("#files", files(("one.jpg", jpeg(1)), ("two.jpg", jpeg(2))))
    expect(page.locator("ol > li")).to_have_count(10)
    colours = page.evaluate(
        "() => [...document.querySelectorAll('.bar i')].map((bar) => getComputedStyle(bar).backgroundColor)"
    )
    best, rest = colours[0], colours[1]
    assert best != rest and colours == 2 * [best, *4 * [rest]]


def test_a_bad_photo_says_why_and_the_next_is_answered(page: Any) -> None:
    page.set_input_files("#files", files(("bad.jpg", jpeg(1)[:300]), ("good.jpg", jpeg(2))))
    expect(page.get_by_role("alert")).to_contain_text("damaged")
    expect(page.locator("ol > li")).to_have_count(5)


@pytest.mark.parametrize(
    ("name", "kind", "content", "says"),
    [
        ("notes.txt", "text/plain", b"hello", "notes.txt is no photo but text/plain; give a JPEG, PNG"),
        ("empty.jpg", "image/jpeg", b"", "empty.jpg is empty; give a photo."),
        ("large.jpg", "image/jpeg", bytes(2_100_000), "large.jpg has 2.1 MB and at most 2.0 MB are accepted"),
    ],
)
def test_what_cannot_be_a_photo_is_refused_without_a_request(
    page: Any, name: str, kind: str, content: bytes, says: str
) -> None:
    expect(page).to_have_title(re.compile("tiny_imagenet"))  # the server's limits are known
    paths = asked(page)
    page.set_input_files("#files", files((name, content), kind=kind))
    expect(page.get_by_role("alert")).to_contain_text(says)
    assert page.locator("#photos h2").inner_text() == name and not page.locator("figure").is_visible()
    page.set_input_files("#files", files(("good.jpg", jpeg(2))))
    expect(page.locator("ol > li")).to_have_count(5)
    assert paths == ["classify"]


def test_a_file_without_a_kind_is_the_servers_to_judge(page: Any) -> None:
    page.set_input_files("#files", files(("strange", b"no photo"), kind=""))
    expect(page.get_by_role("alert")).to_contain_text("is no readable image; give a JPEG")


@pytest.mark.parametrize("event", ["drop", "paste"])
def test_photos_are_dropped_and_pasted(page: Any, event: str) -> None:
    hand_over(page, event, jpeg(3))
    expect(page.locator("ol > li")).to_have_count(5)
    expect(page.locator("h2")).to_have_text("handed.jpg")


def test_what_is_dropped_or_pasted_but_no_file_gets_a_sentence(page: Any, tmp_path: Path) -> None:
    hand_over(page, "paste", None)
    expect(page.locator("#status")).to_have_text("What was pasted is no photo; copy a photo first.")
    hand_over(page, "drop", None)
    expect(page.locator("#status")).to_have_text(
        "What was dropped is no file; save the photo, and drop its file."
    )
    (tmp_path / "holiday").mkdir()
    drop_folder(page, tmp_path / "holiday")
    expect(page.get_by_role("alert")).to_have_text("holiday holds no photo; give a folder of photos.")


@pytest.mark.parametrize("how", ["dropped", "dropped elsewhere", "chosen"])
def test_a_folder_gives_its_photos_in_depth_by_name(page: Any, tmp_path: Path, how: str) -> None:
    folder = tmp_path / "holiday"
    for name in ("IMG_10.jpg", "IMG_9.jpg", "sea/one.jpg", ".trash/old.jpg", "notes.txt", ".DS_Store"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(jpeg(1))
    if how == "dropped elsewhere":  # in other browsers, and at an address without TLS
        page.evaluate("() => { delete DataTransferItem.prototype.getAsFileSystemHandle; }")
    if how == "chosen":
        page.set_input_files("#folder", folder)
    else:
        drop_folder(page, folder)
    expect(page.locator("#status")).to_have_text(
        "3 photos named; 1 other file left out, not photos by their kind"
    )
    names = ["holiday/IMG_9.jpg", "holiday/IMG_10.jpg", "holiday/sea/one.jpg"]
    assert page.locator("#photos h2").all_inner_texts() == names
    page.set_input_files("#files", files(("last.jpg", jpeg(2)), ("bad.jpg", b"no photo")))
    expect(page.locator("#status")).to_have_text("1 photo named, 1 not")
    assert page.locator("#photos h2").all_inner_texts() == ["last.jpg", "bad.jpg", *names]


def test_an_empty_page_offers_an_example(page: Any) -> None:
    page.get_by_role("button", name="Try an example").click()
    expect(page.locator("ol > li")).to_have_count(5)
    assert set(page.locator(".label").all_inner_texts()[:2]) == {"lemon", "orange"}
    assert not page.get_by_role("button", name="Try an example").is_visible()


def test_the_keyboard_reaches_everything_and_the_screen_reader_hears_it(page: Any) -> None:
    expect(page).to_have_title(re.compile("tiny_imagenet"))
    stops = []
    for _ in range(6):
        page.keyboard.press("Tab")
        stops.append(page.evaluate("() => document.activeElement.id || document.activeElement.textContent"))
        assert page.evaluate(
            """() => [document.activeElement, document.activeElement.parentElement]
                .some((each) => getComputedStyle(each).outlineStyle === "solid")"""
        ), stops
    assert stops == ["files", "folder", "Try an example", "About this module", "the interface", "figures"]
    page.set_input_files("#files", files(("one.jpg", jpeg(1))))
    expect(page.locator("#status")).to_contain_text(re.compile(r"one\.jpg: .+ [0-9.]+%"))
    assert page.locator("#status").get_attribute("role") == "status"
    assert page.get_by_role("img", name="The photo one.jpg").is_visible()
    assert page.get_by_label("choose files").count() == 1
    described = page.locator("ol").get_attribute("aria-describedby")
    assert "to see which parts of the photo count for it" in page.locator(f"#{described}").inner_text()


def test_the_modules_card_is_rendered(page: Any) -> None:
    page.get_by_text("About this module").click()
    expect(page.locator("#card dl")).to_contain_text("200")
    card = page.locator("#card-text")
    assert card.get_by_role("heading").first.inner_text() == "Inception V2, tiny-imagenet"
    assert card.locator("table").first.locator("tr").count() == 7
    assert card.locator("th").first.inner_text() == "data" and card.locator("code").count() > 1
    assert not re.search(r"[|#`]|---", card.inner_text())


@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desktop"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_and_is_readable(browser: Any, server: Served, scheme: str, viewport: dict[str, int]) -> None:
    with opened(browser, f"{server.url}/", color_scheme=scheme, viewport=viewport) as page:
        long = "a_rather_long_name_without_any_space_in_it_at_all_and_on_it_goes.jpg"
        page.set_input_files("#files", files((long, jpeg(1)), ("bad.jpg", b"no photo")))
        expect(page.locator("ol > li")).to_have_count(5)
        expect(page.get_by_role("alert")).to_contain_text("no readable image")
        page.get_by_text("About this module").click()
        assert fits(page)
        assert (
            least_contrast(page, "h1, h2, h3, p, a, label, .label, .percent, summary, dt, dd, td, th") >= 4.5
        )
        page.goto(f"{server.url}/docs")
        assert fits(page) and least_contrast(page, "h1, h2, h3, b, p, a, dd, summary, code") >= 4.5


def test_spinners_stand_still_where_motion_is_not_wanted(browser: Any, server: Served) -> None:
    for wanted, moves in (("reduce", "none"), ("no-preference", "turn")):
        with opened(browser, f"{server.url}/", reduced_motion=wanted) as page:
            page.evaluate(
                "() => document.body.append(document.getElementById('photo').content.cloneNode(true))"
            )
            name = "() => getComputedStyle(document.querySelector('.wait')).animationName"
            assert page.evaluate(name) == moves
