"""The pictures of the docs: all of them are made by `docs/pictures.py`, shown with a text, and small."""

import re
import sys
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
sys.path.append(str(DOCS))

import pictures  # noqa: E402

PHOTOGRAPHED = sorted(path.stem for path in DOCS.glob("*.jpg"))
PICTURE = re.compile(r"!\[([^]]*)\]\(([^)]+)\)")
LARGEST, TOGETHER = 150_000, 1_000_000  # bytes


def test_every_picture_can_be_made_again() -> None:
    assert sorted(pictures.PICTURES) == PHOTOGRAPHED


def test_they_are_small() -> None:
    sizes = [(DOCS / f"{name}.jpg").stat().st_size for name in PHOTOGRAPHED]
    assert max(sizes) < LARGEST and sum(sizes) < TOGETHER
    for name in PHOTOGRAPHED:
        with Image.open(DOCS / f"{name}.jpg") as picture:
            assert 700 < picture.width < 1500, name


def test_every_page_that_the_software_makes_is_shown_with_a_text() -> None:
    shown = {}
    for page in [ROOT / "README.md", *DOCS.glob("*.md")]:
        for text, target in PICTURE.findall(page.read_text("utf-8")):
            assert len(text.split()) > 3, f"{page.name}: {target}"
            shown[Path(target).name] = page.name
    assert {f"{name}.jpg" for name in PHOTOGRAPHED} <= set(shown)


@pytest.mark.browser
def test_a_picture_is_taken(browser: Any, tmp_path: Path) -> None:
    picture = pictures.similar(pictures.Studio(browser, tmp_path))
    assert picture.width == pictures.WIDE and picture.height == 790
    colours = picture.getcolors(maxcolors=picture.width * picture.height)
    assert colours is not None and len(colours) > 5000, "there are photos on it"
