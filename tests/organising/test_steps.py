"""Steps of one photo: what was changed since stays, and no byte is ever in no place."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from inception_hub.organising.choices import How
from inception_hub.organising.journal import Entry
from inception_hub.organising.steps import place, revert, settle
from inception_hub.system.moving import digest_of

HOWS: tuple[How, ...] = ("copy", "link", "move")


@pytest.fixture(params=HOWS)
def entry(request: pytest.FixtureRequest, tmp_path: Path) -> Entry:
    photo = tmp_path / "photos" / "x.jpg"
    photo.parent.mkdir()
    photo.write_bytes(b"pixels")
    return Entry(1, str(photo), "cat/x.jpg", request.param, digest_of(photo), "cat", 0.9, ("cat",))


def files(root: Path) -> list[str]:
    return sorted(path.relative_to(root).as_posix() for path in root.rglob("*") if not path.is_dir())


def test_there_and_back(entry: Entry, tmp_path: Path) -> None:
    into = tmp_path / "sorted"
    place(into, entry)
    assert (into / "cat/x.jpg").read_bytes() == b"pixels" and b"<rdf:li>cat<" in (
        into / "cat/x.jpg.xmp"
    ).read_bytes()
    assert (into / "cat/x.jpg").is_symlink() == (entry.how == "link")
    assert Path(entry.photo).exists() == (entry.how != "move")
    assert settle(into, entry)
    assert revert(into, entry) is None and files(tmp_path) == ["photos/x.jpg"]
    assert revert(into, entry) is None, "once more, nothing is left to do"
    assert not settle(into, entry)


def test_what_is_there_is_left(entry: Entry, tmp_path: Path) -> None:
    into = tmp_path / "sorted"
    (into / "cat").mkdir(parents=True)
    for taken in ("x.jpg", "x.jpg.xmp"):
        (into / "cat" / taken).write_text("mine")
        with pytest.raises(FileExistsError):
            place(into, entry)
        assert (into / "cat" / taken).read_text() == "mine"
        assert files(tmp_path) == ["photos/x.jpg", f"sorted/cat/{taken}"]
        assert not settle(into, entry)
        assert files(tmp_path) == ["photos/x.jpg", f"sorted/cat/{taken}"]
        (into / "cat" / taken).unlink()


def test_a_photo_that_was_changed_since_stays(entry: Entry, tmp_path: Path) -> None:
    into = tmp_path / "sorted"
    place(into, entry)
    target = into / "cat" / "x.jpg"
    if entry.how == "link":
        target.unlink()
    target.write_bytes(b"edited")
    before = files(tmp_path)
    assert "cat/x.jpg was changed since; it stays." in str(revert(into, entry))
    assert files(tmp_path) == before and target.read_bytes() == b"edited"


def test_a_sidecar_that_was_changed_since_keeps_both(entry: Entry, tmp_path: Path) -> None:
    into = tmp_path / "sorted"
    place(into, entry)
    (into / "cat" / "x.jpg.xmp").write_text("edited")
    before = files(tmp_path)
    assert "x.jpg.xmp was changed since; both files stay." in str(revert(into, entry))
    assert files(tmp_path) == before


def test_a_copy_whose_photo_is_gone_or_changed_is_the_last_and_stays(entry: Entry, tmp_path: Path) -> None:
    into, photo = tmp_path / "sorted", Path(entry.photo)
    copied = replace(entry, how="copy")
    place(into, copied)
    photo.write_bytes(b"edited")
    assert "x.jpg is gone or was changed; " in str(revert(into, copied))
    photo.unlink()
    assert "x.jpg, its copy, stays." in str(revert(into, copied))
    assert files(tmp_path) == ["sorted/cat/x.jpg", "sorted/cat/x.jpg.xmp"]


def test_a_moved_photo_goes_back_only_where_nothing_is(entry: Entry, tmp_path: Path) -> None:
    into, photo = tmp_path / "sorted", Path(entry.photo)
    moved = replace(entry, how="move")
    place(into, moved)
    photo.write_bytes(b"another")
    assert "x.jpg is another file now; " in str(revert(into, moved)) and photo.read_bytes() == b"another"
    photo.unlink()
    photo.parent.rmdir()
    assert revert(into, moved) is None and photo.read_bytes() == b"pixels"
    photo.unlink()
    assert "x.jpg is gone, and so is " in str(revert(into, moved))


def test_a_folder_that_became_a_link_is_not_followed(entry: Entry, tmp_path: Path) -> None:
    into = tmp_path / "sorted"
    place(into, entry)
    (into / "cat").rename(tmp_path / "elsewhere")
    (into / "cat").symlink_to(tmp_path / "elsewhere")
    assert "cat is a link; put the folder back" in str(revert(into, entry))
    assert os.path.lexists(tmp_path / "elsewhere" / "x.jpg")


def test_a_move_that_was_cut_off_between_copy_and_end_is_ended(entry: Entry, tmp_path: Path) -> None:
    into, photo = tmp_path / "sorted", Path(entry.photo)
    moved = replace(entry, how="move")
    place(into, moved)
    photo.write_bytes(b"pixels")
    assert settle(into, moved) and files(tmp_path) == ["sorted/cat/x.jpg", "sorted/cat/x.jpg.xmp"]
    photo.write_bytes(b"another")
    assert settle(into, moved) and photo.read_bytes() == b"another"
