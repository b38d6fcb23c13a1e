"""The documentation's site has every page once, and its links lead somewhere. `make site` builds it."""

import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import inception_hub

ROOT = Path(__file__).resolve().parents[1]
LINK = re.compile(r"\]\((?!https?:)([^)#\s]*)")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    code = "import sys, pathlib, build_site; build_site.gather(pathlib.Path(sys.argv[1]))"
    subprocess.run([sys.executable, "-c", code, folder], cwd=ROOT / "docs", check=True)
    return folder


def pages_in(navigation: list[Any]) -> Iterator[str]:
    for entry in navigation:
        for below in entry.values():
            yield from pages_in(below) if isinstance(below, list) else [below]


def test_the_navigation_has_every_page_once(site: Path) -> None:
    settings = tomllib.loads((site / "zensical.toml").read_text("utf-8"))["project"]
    listed = list(pages_in(settings["nav"]))
    there = {path.name for path in (site / "pages").glob("*.md")}
    assert sorted(listed) == sorted(there) and {"index.md", "api.md", "tutorial.md", "security.md"} <= there


def test_links_lead_to_pages_pictures_or_the_repository(site: Path) -> None:
    pages = site / "pages"
    for page in pages.glob("*.md"):
        text = page.read_text("utf-8")
        for target in filter(None, LINK.findall(text)):
            assert "/" not in target and (pages / target).is_file(), f"{page.name}: {target}"
    text = (pages / "index.md").read_text("utf-8")
    assert "](classify.md)" in text and "](security.md)" in text and "](gallery.jpg)" in text
    repository = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["urls"]["Homepage"]
    assert f"]({repository}/blob/main/packaging/Dockerfile)" in text
    outside = re.findall(
        rf"\]\({repository}/(blob|tree)/main/([^)]+)\)", "".join(map(read, pages.glob("*.md")))
    )
    assert len(outside) >= 3
    for kind, target in outside:
        assert (ROOT / target).is_dir() if kind == "tree" else (ROOT / target).is_file(), target


def read(path: Path) -> str:
    return path.read_text("utf-8")


def test_the_page_of_docstrings_has_every_public_name(site: Path) -> None:
    names = re.findall(r"^::: inception_hub\.(\w+)$", read(site / "pages" / "api.md"), re.MULTILINE)
    assert names == inception_hub.__all__
