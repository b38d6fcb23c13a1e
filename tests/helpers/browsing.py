"""Pages in headless Chromium: Debian's `chromium`, or what CHROMIUM names."""

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

PHONE, DESKTOP = {"width": 390, "height": 844}, {"width": 1280, "height": 900}  # CSS px


@contextmanager
def chromium() -> Iterator[Any]:
    """A browser; the test is skipped where there is none."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    found = shutil.which(os.environ.get("CHROMIUM", "chromium"))
    if found is None:
        pytest.skip("chromium is not installed")
    with playwright.sync_playwright() as library:
        started = library.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield started
        started.close()


@contextmanager
def opened(browser: Any, url: str, **context: Any) -> Iterator[Any]:
    """The page at `url`; whatever it asks of other hosts, logs as an error or breaks fails the test.

    `context`: Playwright's options of a browser context, such as `viewport`.
    """
    home, problems = browser.new_context(**context), []
    page = home.new_page()
    own = (url.rpartition("/")[0], "blob:", "data:")
    page.on("request", lambda r: None if r.url.startswith(own) else problems.append(r.url))
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on(
        "console", lambda m: problems.append(m.text) if m.type == "error" and " 400 " not in m.text else None
    )
    page.goto(url)
    yield page
    home.close()
    assert problems == []


def hand_over(page: Any, event: str, photo: bytes | None) -> None:
    """Drops or pastes a photo, or some words, as the browser would; `event`: `drop` or `paste`."""
    page.evaluate(
        """([event, bytes]) => {
            const transfer = new DataTransfer();
            if (bytes) {
                transfer.items.add(new File([new Uint8Array(bytes)], "handed.jpg", {type: "image/jpeg"}));
            } else {
                transfer.setData("text/plain", "some words");
            }
            document.getElementById("drop").dispatchEvent(event === "paste"
                ? new ClipboardEvent(event, {clipboardData: transfer, bubbles: true})
                : new DragEvent(event, {dataTransfer: transfer, bubbles: true}));
        }""",
        [event, photo and list(photo)],
    )


def drop_folder(page: Any, folder: Path) -> None:
    """Drops a folder on the page, as a person does."""
    devtools = page.context.new_cdp_session(page)
    data = {"items": [], "files": [str(folder)], "dragOperationsMask": 1}
    for kind in ("dragEnter", "dragOver", "drop"):
        devtools.send("Input.dispatchDragEvent", {"type": kind, "x": 600, "y": 180, "data": data})


def least_contrast(page: Any, selector: str) -> float:
    """The lowest contrast ratio, as WCAG defines it, of the visible texts that `selector` names."""
    colours = page.evaluate(
        """(selector) => [...document.querySelectorAll(selector)]
            .filter((each) => each.checkVisibility())
            .map((each) => [getComputedStyle(each).color, (function back(at) {
                const colour = getComputedStyle(at).backgroundColor;
                return colour === "rgba(0, 0, 0, 0)" ? back(at.parentElement) : colour;
            })(each)])""",
        selector,
    )
    return min(_contrast(ink, paper) for ink, paper in colours)


def fits(page: Any) -> bool:
    """Whether nothing is wider than the window."""
    return page.evaluate("() => document.documentElement.scrollWidth <= window.innerWidth")


def _contrast(one: str, other: str) -> float:
    def luminance(colour: str) -> float:
        channels = [int(value) / 255 for value in re.findall(r"\d+", colour)[:3]]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)
