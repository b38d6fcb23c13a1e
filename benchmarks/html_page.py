"""How far a page of `export --to html` is from `classify`, and how soon it answers, for docs/export.md.

`.venv/bin/python benchmarks/html_page.py PAGE PHOTOS [--module MODULE] [--limit N]`, with PAGE exported from
MODULE and PHOTOS a folder. Needs playwright and chromium; the browser has no network.
"""

import argparse
import json
import os
import shutil
import time
from collections import defaultdict
from contextlib import suppress
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect, sync_playwright

import inception_hub as hub
from inception_hub.images.find import find_images

BATCH = 100  # photos handed over at once
OPENED = 5  # times, for the first answer; the shortest and the longest are told
# Keeps what the worker answers: the page shows probabilities to a tenth of a percent.
LISTEN = """
window.answers = [];
const Original = window.Worker;
window.Worker = class extends Original {
  constructor(...given) {
    super(...given);
    this.addEventListener("message", ({ data }) => window.answers.push(data));
  }
};
"""


def main() -> None:
    """Prints figures as lines of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("page", type=Path)
    parser.add_argument("photos", type=Path)
    parser.add_argument("--module", default="tiny_imagenet")
    parser.add_argument("--limit", type=int, default=1000)
    given = parser.parse_args()
    photos = [*find_images([str(given.photos)])][: given.limit]
    with sync_playwright() as library:
        found = shutil.which(os.environ.get("CHROMIUM", "chromium"))
        browser = library.chromium.launch(executable_path=found, args=["--no-sandbox"])
        url = given.page.absolute().as_uri()
        opened = [_first_answer(browser, url, photos[0]) for _ in range(OPENED)]
        for name, seconds in zip(
            ("first answer, s", "its processor time, s"), zip(*opened, strict=True), strict=True
        ):
            print(json.dumps({name: [round(min(seconds), 2), round(max(seconds), 2)]}))
        start = time.perf_counter()
        answers = _answers(browser, url, photos)
        print(json.dumps({"photos a second": round(len(photos) / (time.perf_counter() - start), 1)}))
    for precision in ("f32", "int8"):
        print(
            json.dumps(
                {
                    "compared with classify in": precision,
                    **_compared(answers, photos, given.module, precision),
                }
            )
        )


def _opened(browser: Any, url: str) -> Page:
    page = browser.new_context(offline=True).new_page()
    page.add_init_script(LISTEN)
    page.goto(url)
    return page


def _first_answer(browser: Any, url: str, photo: str) -> tuple[float, float]:
    """From the page's address to the classes of a photo that is given at once: seconds, and of processors."""
    start, before = time.perf_counter(), _processor_time()
    page = _opened(browser, url)
    page.set_input_files("#files", photo)
    expect(page.locator("ol > li").first).to_be_visible(timeout=60_000)
    seconds, after = time.perf_counter() - start, _processor_time()
    page.context.close()
    return seconds, sum(spent - before.get(process, 0) for process, spent in after.items())


def _processor_time() -> dict[int, float]:
    """Seconds that each process below this one has computed, the browser's among them, by Linux's /proc."""
    children: defaultdict[int, list[tuple[int, float]]] = defaultdict(list)
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has ended
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
            ticks = int(fields[11]) + int(fields[12])
            children[int(fields[1])].append((int(folder.name), ticks / os.sysconf("SC_CLK_TCK")))
    below: dict[int, float] = {}
    parents = [os.getpid()]
    while parents:
        for process, spent in children[parents.pop()]:
            below[process] = spent
            parents.append(process)
    return below


def _answers(browser: Any, url: str, photos: list[str]) -> list[Any]:
    """What the page's worker answers to each photo, in order."""
    page, answers = _opened(browser, url), []
    for at in range(0, len(photos), BATCH):
        page.evaluate("() => { window.answers.length = 0; }")
        page.set_input_files("#files", photos[at : at + BATCH])
        expect(page.locator("#status")).to_contain_text("named", timeout=600_000)
        answers += page.evaluate("() => window.answers")
        page.evaluate("() => { document.getElementById('status').textContent = ''; }")
    page.context.close()
    return answers


def _compared(answers: list[Any], photos: list[str], module: str, precision: Any) -> dict[str, Any]:
    """Photos with the same first class, and the largest difference of a probability among the page's five."""
    loaded = hub.Module(module, precision=precision)
    same, largest = 0, 0.0
    rows = hub.classify(photos, loaded, top=loaded.architecture.num_classes)
    for row, answer in zip(rows, answers, strict=True):
        assert row.predictions is not None, row.error
        probabilities = {each.index: each.probability for each in row.predictions}
        same += row.predictions[0].index == answer["answer"][0]["index"]
        off = [abs(probabilities[each["index"]] - each["probability"]) for each in answer["answer"]]
        largest = max(largest, *off)
    return {"photos": len(photos), "same first class": same, "largest difference": round(largest, 3)}


if __name__ == "__main__":
    main()
