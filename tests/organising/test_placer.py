"""Photos put into folders: by class and confidence, once each, nothing lost where one cannot be placed."""

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from helpers.organised import LABELS, SETTINGS, make_photos, organise, row, tree

from inception_hub.errors import OutputError
from inception_hub.inference.row import Row
from inception_hub.organising import placer as placing
from inception_hub.organising.choices import How
from inception_hub.organising.journal import Journal
from inception_hub.organising.placer import Placed, Placer, Plan, Summary, absolute


def test_into_the_folder_of_the_best_class_or_unsure(tmp_path: Path) -> None:
    make_photos(tmp_path)
    summary = organise(tmp_path, "copy")
    made = {name: value for name, value in tree(tmp_path / "sorted").items() if value is not None}
    assert made == {
        "organised.jsonl": "organised.jsonl",
        "cat/x.jpg": b"one",
        "cat/x-2.jpg": b"two",
        "unsure/y.jpg": b"three",
        "dog/c.jpg": b"one",
    }
    assert (summary.placed, summary.unsure, summary.failed) == (4, 1, 0)
    assert summary.folders == {"cat": 2, "unsure": 1, "dog": 1}
    again = organise(tmp_path, "copy")
    assert (again.placed, again.before) == (0, 4)


@pytest.mark.parametrize("how", ["copy", "link", "move"])
def test_new_photos_join_those_of_before(how: How, tmp_path: Path) -> None:
    make_photos(tmp_path)
    late = tmp_path / "photos" / "c.jpg"
    late.unlink()
    assert organise(tmp_path, how).placed == 3
    late.write_bytes(b"new")
    summary = organise(tmp_path, how)
    assert (summary.placed, summary.before) == (1, 3)
    assert (tmp_path / "sorted" / "dog" / "c.jpg").read_bytes() == b"new"


Make = Callable[..., tuple[Placer, Summary]]


@pytest.fixture
def make() -> Iterator[Make]:
    """Makes placers into `ROOT/sorted`, with the summaries that they keep."""
    with ExitStack() as journals:

        def made(root: Path, how: How = "copy", *, dry: bool = False) -> tuple[Placer, Summary]:
            plan, summary = Plan(root / "sorted", how, 0.5, False, dry), Summary()
            journal = journals.enter_context(Journal(plan.into, SETTINGS, dry=dry))
            return Placer(plan, LABELS, journal, summary), summary

        yield made


def test_a_plan_changes_nothing(make: Make, tmp_path: Path) -> None:
    make_photos(tmp_path)
    before = tree(tmp_path)
    planned, summary = make(tmp_path, dry=True)
    paths = [str(tmp_path / "photos" / name / "x.jpg") for name in "ab"]
    placed = [planned.place(row(path, 0.9)) for path in paths]
    assert [str(each and each.to.relative_to(tmp_path)) for each in placed] == [
        "sorted/cat/x.jpg",
        "sorted/cat/x-2.jpg",
    ]
    assert tree(tmp_path) == before and summary.placed == 2


def test_a_photo_counts_once_and_none_inside_the_folder(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_photos(tmp_path)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sorted" / "cat").mkdir(parents=True)
    taken, summary = make(tmp_path / "elsewhere")
    taken._inside = os.path.join(tmp_path / "sorted", "")
    (tmp_path / "link").symlink_to("photos")
    given = [
        "photos/c.jpg",
        "./photos/c.jpg",
        str(tmp_path / "photos/c.jpg"),
        "link/c.jpg",
        "sorted/cat/x.jpg",
    ]
    assert [photo.path for photo in taken.photos(given, lambda: False)] == ["photos/c.jpg"]
    assert summary.before == 0 and not summary.left
    assert not list(taken.photos(["photos/a/x.jpg"], lambda: True)) and summary.left


def test_what_cannot_be_placed_stays_and_is_told(make: Make, tmp_path: Path) -> None:
    make_photos(tmp_path)
    run, summary = make(tmp_path, "move")
    (tmp_path / "photos" / "link.jpg").symlink_to("c.jpg")
    (tmp_path / "photos" / "photo").write_bytes(b"x")
    for name in ("link.jpg", "photo", "gone.jpg"):
        assert run.place(row(str(tmp_path / "photos" / name), 0.9)) is None
    assert run.place(Row("bad.jpg", "m", error="bad.jpg is damaged.")) is None
    told = " ".join(summary.errors)
    for reason in (
        "link.jpg stays where it is (it is a link: copy it, or link to it).",
        "photo stays where it is (its name is no photo's: copy it, or link to it).",
        "gone.jpg stays where it is (No such file or directory).",
        "bad.jpg is damaged.",
    ):
        assert reason in told
    assert summary.failed == 4 and summary.placed == 0
    assert [state for _, state in run._journal.entries()] == []


def test_a_name_that_is_taken_meanwhile(make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_photos(tmp_path)
    run, _ = make(tmp_path)
    place = placing.place

    def late(into: Path, entry: placing.Entry) -> None:
        if entry.to == "cat/x.jpg":
            (into / "cat").mkdir(exist_ok=True)
            (into / entry.to).write_text("mine")
        place(into, entry)

    monkeypatch.setattr(placing, "place", late)
    placed = run.place(row(str(tmp_path / "photos/a/x.jpg"), 0.9))
    assert placed == Placed(
        str(tmp_path / "photos/a/x.jpg"), tmp_path / "sorted/cat/x-2.jpg", "cat", pytest.approx(0.9)
    )
    assert (tmp_path / "sorted/cat/x.jpg").read_text() == "mine"
    assert [(entry.to, state) for entry, state in run._journal.entries()] == [
        ("cat/x.jpg", "undone"),
        ("cat/x-2.jpg", "done"),
    ]


@pytest.mark.parametrize("number, ends", [(errno.ENOSPC, True), (errno.EROFS, True), (errno.EACCES, False)])
def test_a_full_disk_ends_the_run_and_one_photo_does_not(
    number: int, ends: bool, make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_photos(tmp_path)
    run, summary = make(tmp_path)

    def refused(into: Path, entry: placing.Entry) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(placing, "place", refused)
    photo = row(str(tmp_path / "photos/a/x.jpg"), 0.9)
    if ends:
        with pytest.raises(
            OutputError, match="sorted cannot be written .*; make room, and run the same again"
        ):
            run.place(photo)
    else:
        assert (
            run.place(photo) is None and "x.jpg stays where it is (Permission denied)." in summary.errors[0]
        )
    assert [state for _, state in run._journal.entries()] == ["undone"]


def test_a_path_from_the_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to("folder")
    assert absolute("x.jpg") == str(tmp_path / "x.jpg")
    assert absolute("link/x.jpg") == str(tmp_path / "folder" / "x.jpg")
