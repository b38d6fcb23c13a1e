"""The picture page: complete, escaped, self-contained, and there only when it is whole."""

import base64
import hashlib
import io
import os
import re
from pathlib import Path

import numpy as np
import pytest
from helpers.pages import Page
from helpers.written_rows import SETS
from PIL import Image

from inception_hub.errors import OutputError
from inception_hub.inference.predictions import Prediction
from inception_hub.inference.row import Row
from inception_hub.output.gallery import Gallery

HOSTILE = '<script>alert(1)</script>"><img src=x onerror=alert(2)>.jpg'
PREDICTIONS = (Prediction("Egyptian cat", 285, 0.7128), Prediction("tabby", 281, 0.15))


def photo(height: int, width: int) -> np.ndarray:
    return np.full((height, width, 3), (200, 30, 60), np.uint8)


def page(path: Path, *cards: tuple[Row, np.ndarray | None], module: str = "tiny") -> tuple[str, Page]:
    with Gallery(path, module) as gallery:
        for row, image in cards:
            gallery.add(row, image)
    html = path.read_text("utf-8")
    return html, Page(html)


def test_every_row_is_a_card(tmp_path: Path) -> None:
    good = [(Row(f"photos/{i}.jpg", "tiny", predictions=PREDICTIONS), photo(48, 64)) for i in range(3)]
    bad = (Row("photos/bad.jpg", "tiny", error="photos/bad.jpg is damaged."), None)
    html, found = page(tmp_path / "page.html", good[0], bad, *good[1:])
    assert html.startswith("<!doctype html>")
    assert len(found.attributes("article")) == 4
    assert found.texts("h2") == ["0.jpg", "bad.jpg", "1.jpg", "2.jpg"]
    assert found.texts("bdi") == ["photos"] * 4
    assert [a["title"] for a in found.attributes("h2")] == [
        "photos/0.jpg",
        "photos/bad.jpg",
        "photos/1.jpg",
        "photos/2.jpg",
    ]
    assert found.of_class("label") == ["Egyptian cat", "tabby"] * 3
    assert found.of_class("percent") == ["71.3%", "15.0%"] * 3
    assert [a["style"] for a in found.attributes("i")] == ["width: 71.3%", "width: 15.0%"] * 3
    assert [a["alt"] for a in found.attributes("img")] == [f"The photo {i}.jpg" for i in range(3)]
    assert found.of_class("error") == ["photos/bad.jpg is damaged."]
    assert found.texts("title") == ["Photos classified by tiny"]
    assert "4 photos, 1 of them in error." in html


def test_thumbnails_are_small_jpegs_in_the_page(tmp_path: Path) -> None:
    row = Row("photo.jpg", "tiny", predictions=PREDICTIONS)
    images = [photo(600, 800), photo(800, 600), photo(40, 30), photo(1, 1000), photo(64, 64), photo(60, 90)]
    _, found = page(tmp_path / "page.html", *((row, image) for image in images))
    sizes = []
    for attributes in found.attributes("img"):
        head, data = (attributes["src"] or "").split(",")
        assert head == "data:image/jpeg;base64"
        with Image.open(io.BytesIO(base64.b64decode(data))) as thumbnail:
            assert thumbnail.format == "JPEG"
            pixels = np.asarray(thumbnail).astype(int)
            assert np.abs(pixels - (200, 30, 60)).max() < 8
            sizes.append(thumbnail.size)
    assert sizes == [(320, 240), (240, 320), (30, 40), (320, 1), (64, 64), (90, 60)]
    fits = [(attributes["class"] or "").split()[1] for attributes in found.attributes("img")]
    assert fits == ["filling", "whole", "whole", "whole", "whole", "filling"]


def test_nothing_comes_from_elsewhere(tmp_path: Path) -> None:
    html, found = page(
        tmp_path / "page.html",
        (Row("a.jpg", "tiny", predictions=PREDICTIONS), photo(3, 4)),
        (Row("b.jpg", "tiny", error="no"), None),
    )
    without_data = re.sub(r"data:image/jpeg;base64,[A-Za-z0-9+/=]*", "", html)
    (script,) = found.texts("script")
    assert found.attributes("script") == [{}] and not re.search(r"https?:|fetch|import|innerHTML", script)
    assert not re.search(
        r"https?:|//|url\(|@import|<link|<iframe|javascript:", without_data.replace(script, "")
    )
    policies = [a["content"] for a in found.attributes("meta") if a.get("http-equiv")]
    allowed = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert policies == [
        f"default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-{allowed}'; "
        "base-uri 'none'; form-action 'none'"
    ]
    assert "prefers-color-scheme: dark" in html


def test_what_users_and_files_say_is_text(tmp_path: Path) -> None:
    label = (Prediction("<b>bold</b> & 'co'", 0, 1.0),)
    html, found = page(
        tmp_path / "page.html",
        (Row(f"<i>/{HOSTILE}", "tiny", predictions=label), photo(3, 4)),
        (Row("b.jpg", "tiny", error=f"{HOSTILE} is damaged."), None),
        module=HOSTILE,
    )
    assert len(found.attributes("script")) == 1
    assert len(found.attributes("img")) == 1
    assert found.texts("h2")[0] == HOSTILE.split("/")[-1]
    assert found.attributes("h2")[0]["title"] == f"<i>/{HOSTILE}"
    assert found.of_class("label") == ["<b>bold</b> & 'co'"]
    assert found.of_class("error") == [f"{HOSTILE} is damaged."]
    assert found.texts("b") == [HOSTILE]
    assert not any(name.startswith("on") for _, attributes, _ in found.elements for name in attributes)


def test_a_path_that_is_no_text(tmp_path: Path) -> None:
    stray = b"caf\xe9.jpg".decode("utf-8", "surrogateescape")
    _, found = page(tmp_path / "page.html", (Row(stray, "tiny", error="no"), None))
    assert found.texts("h2") == [r"caf\udce9.jpg"]


def test_a_gallery_is_replaced_when_the_new_one_is_complete(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    page(path, (Row("old.jpg", "tiny", error="no"), None))
    before = path.read_bytes()
    with Gallery(path, "tiny") as gallery:
        gallery.add(Row("new.jpg", "tiny", error="no"))
        assert path.read_bytes() == before
    assert Page(path.read_text("utf-8")).texts("h2") == ["new.jpg"]
    assert list(tmp_path.iterdir()) == [path]


def test_anything_else_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "photo.jpg"
    path.write_bytes(b"a precious photo")
    with pytest.raises(OutputError, match="photo.jpg exists and is no gallery of ours; give another name"):
        Gallery(path, "tiny")
    with pytest.raises(OutputError, match="is no gallery of ours"):
        Gallery(tmp_path, "tiny")
    assert path.read_bytes() == b"a precious photo"
    assert list(tmp_path.iterdir()) == [path]
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe")  # nobody writes to it
        with pytest.raises(OutputError, match="is no gallery of ours"):
            Gallery(tmp_path / "pipe", "tiny")


def test_an_interrupted_gallery_leaves_no_page(tmp_path: Path) -> None:
    def interrupted() -> None:
        with Gallery(tmp_path / "page.html", "tiny") as gallery:
            gallery.add(Row("a.jpg", "tiny", predictions=PREDICTIONS), photo(30, 40))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert not list(tmp_path.iterdir())


def test_folders_that_are_missing_are_made(tmp_path: Path) -> None:
    path = tmp_path / "new" / "er" / "page.html"
    page(path, (Row("a.jpg", "tiny", predictions=PREDICTIONS), photo(30, 40)))
    assert list(path.parent.iterdir()) == [path]
    with pytest.raises(OutputError, match="page.html cannot be written .Not a directory"):
        Gallery(path / "page.html", "tiny")


@pytest.mark.skipif(os.name != "posix", reason="there are locks on POSIX systems only")
def test_two_runs_with_one_page_notice_each_other(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    with Gallery(path, "tiny"), pytest.raises(OutputError, match="page.html is being written by another"):
        Gallery(path, "tiny")
    with Gallery(path, "tiny"):
        pass
    assert list(tmp_path.iterdir()) == [path]


def test_a_full_disk_leaves_no_page(tmp_path: Path) -> None:
    resource = pytest.importorskip("resource")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    noise = np.random.default_rng(0).integers(0, 256, (320, 320, 3)).astype(np.uint8)
    row = Row("a.jpg", "tiny", predictions=PREDICTIONS)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, hard))
    try:
        with pytest.raises(OutputError, match="page.html cannot be written .File too large"):
            page(tmp_path / "page.html", (row, noise))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert not list(tmp_path.iterdir())


def test_sets_say_what_is_unknown(tmp_path: Path) -> None:
    html, found = page(tmp_path / "page.html", *((row, photo(48, 64)) for row in SETS))
    assert found.of_class("unknown") == ["No class", *["Unknown: unlike anything the module learned"] * 2]
    assert found.of_class("label") == ["Egyptian cat", "tabby", "Egyptian cat"]
    assert len(found.of_class("error")) == 1
    cards = [a for a in found.attributes("li") if "data-probability" in a]
    assert [(a["data-probability"], "data-unknown" in a) for a in cards] == [
        ("0.75", False),
        ("0", False),
        ("0.75", True),
        ("0", True),
    ]
