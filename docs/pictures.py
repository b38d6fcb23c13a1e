"""Takes the pictures of the docs: what the software makes, in headless Chromium. `make pictures`.

    python docs/pictures.py [NAME ...]

Photos are those of scikit-image; commands are the ones that the pages give. It needs playwright, Debian's
`chromium` or what CHROMIUM names, and for `export` ONNX Runtime for browsers (`make web-runtime`).
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
sys.path.append(str(ROOT))

from inception_hub.formats import onnxruntime_web  # noqa: E402
from recipes import demo_photos, tutorial_photos  # noqa: E402

WIDE, REPORT, PHONE = 960, 1140, 390  # CSS px
QUALITY = 80  # JPEG
DEMO = "demo/photos"
PORT = 8501
RUNTIME = Path(sys.prefix) / onnxruntime_web.PACKAGE  # where `make web-runtime` puts it
TRAINING = "finetune photos --output my_module --exclude decisions.csv --phases full --epochs 10"


class Studio:
    """A folder with photos, in which commands are run, and a browser that takes pictures of their pages."""

    def __init__(self, browser: Any, folder: Path) -> None:
        self.browser, self.folder = browser, folder
        demo_photos.gather(folder / DEMO)
        tutorial_photos.make(folder)

    def run(self, command: str) -> None:
        """`inception-hub COMMAND`; what it prints is shown only if it fails."""
        done = self._start(command, subprocess.PIPE).communicate()
        if not all(Path(self.folder, name).exists() for name in re.findall(r"\S+\.html", command)):
            sys.exit(f"{command}: {done[0]}")

    @contextmanager
    def served(self, command: str) -> Iterator[str]:
        """The address of `inception-hub serve`, as long as it is needed."""
        address, server = f"http://127.0.0.1:{PORT}/", self._start(command, subprocess.DEVNULL)
        try:
            while not _listens(f"{address}v2/health/ready"):
                time.sleep(1)
                if server.poll() is not None:
                    sys.exit(f"{command} ended at once; is port {PORT} taken?")
            yield address
        finally:
            server.terminate()
            server.wait()

    def _start(self, command: str, output: int) -> subprocess.Popen[str]:
        environment = os.environ | {"INCEPTION_HUB_CACHE": str(self.folder / ".cache"), "NO_COLOR": "1"}
        words = [sys.executable, "-m", "inception_hub", *command.split()]
        return subprocess.Popen(
            words, cwd=self.folder, env=environment, stdout=output, stderr=subprocess.STDOUT, text=True
        )

    @contextmanager
    def opened(self, page: str, width: int = WIDE, **context: Any) -> Iterator[Any]:
        """A page of the folder, or one at an address, in a window of `width` CSS px."""
        address = page if "://" in page else (self.folder / page).as_uri()
        window = self.browser.new_context(viewport={"width": width, "height": 844}, **context)
        opened = window.new_page()
        opened.goto(address)
        yield opened
        window.close()

    def shot(self, page: Any, height: int = 0, parts: str = "") -> Image.Image:
        """The upper `height` CSS px of a page, or the sections that `parts` selects, below each other."""
        path = self.folder / "shot.png"
        if not parts:
            page.screenshot(path=path, full_page=True)
            picture = Image.open(path).convert("RGB")
            scale = page.evaluate("devicePixelRatio")
            return picture.crop((0, 0, picture.width, round(height * scale))) if height else picture
        pictures = []
        for part in page.locator(parts).all():
            part.screenshot(path=path)
            pictures.append(Image.open(path).convert("RGB"))
        return _stacked(pictures)


def gallery(studio: Studio) -> Image.Image:
    photos = " ".join(f"{DEMO}/{name}" for name in ("cat.png", "coffee.png", "rocket.jpg"))
    studio.run(f"classify {photos} --top 3 --gallery page.html")
    with studio.opened("page.html", 980, device_scale_factor=1.5) as page:
        return studio.shot(page, 600)


def unknown(studio: Studio) -> Image.Image:
    board = Path(demo_photos.source("cat.png")).with_name("chessboard_RGB.png")
    shutil.copy(board, studio.folder / DEMO / "chessboard.png")
    photos = " ".join(f"{DEMO}/{name}" for name in ("cat.png", "bike.png", "chessboard.png"))
    studio.run(f"classify {photos} --coverage 0.8 --gallery unknown.html")
    with studio.opened("unknown.html") as page:
        return studio.shot(page, 720)


def explain(studio: Studio) -> Image.Image:
    """By the code and the command of docs/explain.md."""
    page = (DOCS / "explain.md").read_text("utf-8")
    (code,) = re.findall(r"```python\n(from PIL.*?)```", page, re.DOTALL)
    subprocess.run([sys.executable, "-c", code], cwd=studio.folder, check=True)
    (command,) = re.findall(r"`inception-hub (explain pair\.png [^`]*)`", page)
    studio.run(command)
    return Image.open(next((studio.folder / "heatmaps").glob("pair*"))).convert("RGB")


def inspect(studio: Studio) -> Image.Image:
    studio.run("inspect photos --report photos.html --decisions decisions.csv")
    with studio.opened("photos.html") as page:
        return studio.shot(page, 675)


def similar(studio: Studio) -> Image.Image:
    studio.run("similar new --among photos --top 3 --gallery similar.html")
    with studio.opened("similar.html") as page:
        return studio.shot(page, 790)


def duplicates(studio: Studio) -> Image.Image:
    studio.run("similar photos --duplicates --gallery duplicates.html")
    with studio.opened("duplicates.html") as page:
        return studio.shot(page, 640)


def training(studio: Studio) -> Image.Image:
    inspect(studio)
    studio.run(TRAINING)
    with studio.opened("my_module/report.html", REPORT) as page:
        return studio.shot(page, parts="section:has(.plots), section:has(h2:text-is('Augmentation'))")


def evaluation(studio: Studio) -> Image.Image:
    if not (studio.folder / "my_module").exists():
        training(studio)
    studio.run("evaluate my_module photos --report report.html")
    with studio.opened("report.html", REPORT) as page:
        return studio.shot(page, 1270)


def server(studio: Studio) -> Image.Image:
    with studio.served(f"serve --port {PORT}") as address, studio.opened(address) as page:
        _name(page, studio.folder)
        coffee = page.locator("#photos > li").nth(1)
        coffee.locator("ol button").first.hover()
        coffee.locator(".heat").wait_for()
        return studio.shot(page, 880)


def interface(studio: Studio) -> Image.Image:
    with studio.served(f"serve --port {PORT}") as address, studio.opened(f"{address}docs") as page:
        page.locator("summary").first.click()
        return studio.shot(page, 700)


def export(studio: Studio) -> Image.Image:
    """On phones, one light, one dark."""
    if not RUNTIME.exists():
        sys.exit("ONNX Runtime for browsers is not there; make web-runtime.")
    studio.run(f"export tiny_imagenet named.html --to html --runtime {RUNTIME}")
    phones = []
    for scheme in ("light", "dark"):
        with studio.opened("named.html", PHONE, color_scheme=scheme, offline=True) as page:
            _name(page, studio.folder)
            phones.append(studio.shot(page, 844))
    both = Image.new("RGB", (2 * PHONE + 20, phones[0].height), "white")
    for number, phone in enumerate(phones):
        both.paste(phone, (number * (PHONE + 20), 0))
    return both


PICTURES: dict[str, Callable[[Studio], Image.Image]] = {
    take.__name__: take
    for take in (
        *(gallery, unknown, explain, inspect, similar, duplicates),
        *(training, evaluation, server, interface, export),
    )
}


def _name(page: Any, folder: Path) -> None:
    """Has the page of the server, or an exported one, name three photos."""
    names = ("cat.png", "coffee.png", "rocket.jpg")
    page.set_input_files("#files", [str(folder / DEMO / name) for name in names])
    page.locator("#photos > li").nth(2).locator("ol > li").nth(4).wait_for()


def _listens(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=60):
            return True
    except OSError:
        return False


def _stacked(pictures: list[Image.Image], gap: int = 20) -> Image.Image:
    """Below each other, in the page's colour."""
    height = sum(picture.height for picture in pictures) + gap * (len(pictures) + 1)
    whole = Image.new("RGB", (max(picture.width for picture in pictures) + 2 * gap, height), "#f5f5f2")
    top = gap
    for picture in pictures:
        whole.paste(picture, (gap, top))
        top += picture.height + gap
    return whole


def take(names: list[str], folder: Path) -> None:
    """Writes the pictures of `names` into `folder`, as JPEG."""
    from playwright.sync_api import sync_playwright

    chromium = shutil.which(os.environ.get("CHROMIUM", "chromium"))
    if chromium is None:
        sys.exit("chromium is not installed; install it, or name one in CHROMIUM.")
    with sync_playwright() as library, tempfile.TemporaryDirectory() as place:
        browser = library.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        studio = Studio(browser, Path(place))
        for name in names:
            path = folder / f"{name}.jpg"
            PICTURES[name](studio).save(path, quality=QUALITY, optimize=True, progressive=True)
            print(path, f"{path.stat().st_size:,} bytes")
        browser.close()


if __name__ == "__main__":
    take(sys.argv[1:] or list(PICTURES), DOCS)
