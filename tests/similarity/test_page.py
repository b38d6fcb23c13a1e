"""The page: self-contained, all text escaped, replaced only where it is ours, whole or not there."""

import re
from pathlib import Path

import numpy as np
import pytest
from helpers.copied_photos import scene

from inception_hub.errors import OutputError
from inception_hub.similarity.page import SimilarPage, write_duplicates_page
from inception_hub.similarity.rows import DuplicateRow, Similar, SimilarRow


def similar_page(path: Path, photo: Path) -> str:
    with SimilarPage(path, "<b>m</b>", 10**6) as page:
        found = (Similar(str(photo), 0.9), Similar("gone/<i>.jpg", -0.1))
        page.add(SimilarRow("holiday/<q>.jpg", "m", found), np.asarray(scene(0)))
        page.add(SimilarRow("bad.jpg", "m", error="bad.jpg is <damaged>."), None)
    return path.read_text()


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    scene(1, (900, 600)).save(tmp_path / "photo.png")
    return tmp_path / "photo.png"


def test_similar_photos(tmp_path: Path, photo: Path) -> None:
    text = similar_page(tmp_path / "page.html", photo)
    assert text.count("<section>") == 2 and text.count("data:image/jpeg;base64,") == 2
    assert "similarity 0.900" in text and "similarity -0.100" in text and "width: 0.0%" in text
    assert text.count("not at hand") == 1 and "2 photos asked about." in text
    assert "&lt;q&gt;.jpg" in text and "bad.jpg is &lt;damaged&gt;." in text
    assert not re.search(r"<(q|i|b|damaged)>(m|\.)", text)
    assert "<script" not in text and "default-src 'none'" in text


def test_near_duplicates(tmp_path: Path, photo: Path) -> None:
    rows = [
        DuplicateRow(str(photo), "m", 1, 1.0),
        DuplicateRow(str(photo), "m", 1, 0.9),
        DuplicateRow("a.jpg", "m", 2, 0.85),
        DuplicateRow("b.jpg", "m", 2, 0.85),
        DuplicateRow("bad.jpg", "m", error="bad.jpg is <damaged>."),
    ]
    write_duplicates_page(tmp_path / "page.html", rows, "m", 10**6)
    text = (tmp_path / "page.html").read_text()
    assert re.findall(r"<h2>Group (\d+) <span>(\d+) photos", text) == [("1", "2"), ("2", "2")]
    assert "4 photos in 2 groups." in text and "bad.jpg is &lt;damaged&gt;." in text and "score 0.850" in text
    write_duplicates_page(tmp_path / "page.html", [], "m", 10**6)
    assert "No photo is there twice." in (tmp_path / "page.html").read_text()


def test_a_photo_larger_than_allowed_is_not_decoded(tmp_path: Path, photo: Path) -> None:
    with SimilarPage(tmp_path / "page.html", "m", 1000) as page:
        page.add(SimilarRow("q.jpg", "m", (Similar(str(photo), 0.9),)), None)
    assert "data:image" not in (tmp_path / "page.html").read_text()


def test_only_our_own_page_is_replaced(tmp_path: Path, photo: Path) -> None:
    similar_page(tmp_path / "page.html", photo)
    similar_page(tmp_path / "page.html", photo)
    (tmp_path / "mine.html").write_text("mine")
    with pytest.raises(OutputError, match="mine.html exists and is no gallery of ours"):
        similar_page(tmp_path / "mine.html", photo)
    assert (tmp_path / "mine.html").read_text() == "mine"


def test_abandoned_it_changes_nothing(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), SimilarPage(tmp_path / "page.html", "m", 10**6) as page:
        page.add(SimilarRow("q.jpg", "m", ()), None)
        raise KeyboardInterrupt
    assert not list(tmp_path.iterdir())
