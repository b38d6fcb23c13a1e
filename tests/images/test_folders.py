"""Folders in depth: in order, and bounded wherever links in them lead."""

import os
from pathlib import Path

import pytest

from inception_hub.errors import HandleError
from inception_hub.images import folders
from inception_hub.images.find import Unread, find_images
from inception_hub.images.folders import files_below


def test_links_that_lead_round_end_in_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Twelve folders with links to each other are reached by a billion ways."""
    names = [f"{number:02}" for number in range(12)]
    for name in names:
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.jpg").touch()
        for other in names:
            (tmp_path / name / f"to {other}").symlink_to(tmp_path / other)
    monkeypatch.setattr(folders, "AGAIN", 5000)
    for paths in (find_images([str(tmp_path)]), files_below(str(tmp_path))):
        with pytest.raises(HandleError, match="lead to the same folders more than 5,000 times; give these"):
            list(paths)


def test_a_folder_that_several_links_lead_to_is_listed_for_each(tmp_path: Path) -> None:
    (tmp_path / "test").mkdir()
    (tmp_path / "test" / "a.jpg").touch()
    (tmp_path / "validation").symlink_to(tmp_path / "test")
    (tmp_path / "test" / "back").symlink_to(tmp_path)
    found = [os.path.relpath(path, tmp_path) for path in files_below(str(tmp_path))]
    assert found == [os.path.join("test", "a.jpg"), os.path.join("validation", "a.jpg")]


def test_any_number_of_levels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for _ in range(1200):
        os.mkdir("a")
        os.chdir("a")
    try:
        Path("x.jpg").touch()
        assert [os.path.basename(path) for path in find_images([str(tmp_path)])] == ["x.jpg"]
        assert [os.path.basename(path) for path in files_below(str(tmp_path))] == ["x.jpg"]
    finally:  # `shutil.rmtree`, with which pytest removes old folders, recurses and fails at these
        Path("x.jpg").unlink()
        for _ in range(1200):
            os.chdir("..")
            os.rmdir("a")


def test_a_link_to_itself_is_an_error_of_its_own(tmp_path: Path) -> None:
    for name in ("a.jpg", "b", "c.jpg"):
        (tmp_path / name).symlink_to(tmp_path / name)
    unread = Unread()
    found = list(find_images([str(tmp_path)], unread))
    assert found == [str(tmp_path / "a.jpg"), str(tmp_path / "c.jpg")] and unread.total() == 1
    with pytest.raises(OSError, match="symbolic links"):
        list(files_below(str(tmp_path)))
