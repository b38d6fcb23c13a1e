"""Undo: all back, empty folders gone, what is not ours or was changed left and named."""

import errno
import os
from pathlib import Path

import pytest
from helpers.organised import PHOTOS, make_photos, organise, tree

from inception_hub.errors import OutputError
from inception_hub.organising import steps
from inception_hub.organising.choices import How
from inception_hub.organising.undo import undo_organise


@pytest.mark.parametrize("how", ["copy", "link", "move"])
def test_all_is_as_before(how: How, tmp_path: Path) -> None:
    make_photos(tmp_path)
    before = tree(tmp_path)
    organise(tmp_path, how, xmp=True)
    assert tree(tmp_path) != before
    back: list[str] = []
    undone = undo_organise(tmp_path / "sorted", on_photo=back.append)
    assert tree(tmp_path) == before and (undone.back, undone.kept) == (4, [])
    assert back == [str(tmp_path / "photos" / name) for name in PHOTOS]


def test_what_is_not_ours_stays(tmp_path: Path) -> None:
    make_photos(tmp_path)
    (tmp_path / "sorted").mkdir()
    organise(tmp_path, "copy")
    (tmp_path / "sorted" / "cat" / "notes.txt").write_text("mine")
    assert undo_organise(tmp_path / "sorted").kept == []
    assert tree(tmp_path / "sorted") == {"cat": None, "cat/notes.txt": b"mine"}


def test_a_folder_that_was_there_before_stays(tmp_path: Path) -> None:
    make_photos(tmp_path)
    (tmp_path / "sorted").mkdir()
    organise(tmp_path, "copy")
    undo_organise(tmp_path / "sorted")
    assert tree(tmp_path / "sorted") == {} and (tmp_path / "sorted").is_dir()


def test_what_was_changed_is_kept_with_the_journal_and_can_be_undone_later(tmp_path: Path) -> None:
    make_photos(tmp_path)
    organise(tmp_path, "move")
    changed = tmp_path / "sorted" / "cat" / "x.jpg"
    changed.write_bytes(b"edited")
    undone = undo_organise(tmp_path / "sorted")
    assert undone.back == 3 and undone.kept == [f"{changed} was changed since; it stays."]
    assert {path.name for path in (tmp_path / "sorted").iterdir()} == {"cat", "organised.jsonl"}
    changed.write_bytes(b"one")
    undone = undo_organise(tmp_path / "sorted")
    assert (undone.back, undone.kept) == (1, []) and not (tmp_path / "sorted").exists()


def test_what_cannot_be_taken_back_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_photos(tmp_path)
    organise(tmp_path, "move")
    for name in ("a", "b"):
        (tmp_path / "photos" / name).rmdir()
    (tmp_path / "photos" / "a").write_text("a file now")
    undone = undo_organise(tmp_path / "sorted")
    assert undone.back == 3 and undone.kept == [
        f"{tmp_path / 'sorted/cat/x.jpg'} cannot be taken back (Not a directory)."
    ]
    assert (tmp_path / "photos/b/x.jpg").read_bytes() == b"two"


def test_a_full_disk_ends_it_and_the_rest_is_undone_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_photos(tmp_path)
    before = tree(tmp_path)
    organise(tmp_path, "move")
    (tmp_path / "photos" / "b").rmdir()

    def full(path: Path) -> list[Path]:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(steps, "make_folders", full)
    with pytest.raises(OutputError, match="sorted cannot be written .No space left on device.; make room"):
        undo_organise(tmp_path / "sorted")
    monkeypatch.undo()
    assert undo_organise(tmp_path / "sorted").kept == [] and tree(tmp_path) == before


def test_a_folder_of_others(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="holds no organised.jsonl; give a folder that organise made"):
        undo_organise(tmp_path)
