"""`hub.organise`: photos by a module's classes, into a folder that may lie among them, and back."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from helpers.dataset_photos import png
from helpers.organised import tree

import inception_hub as hub
from inception_hub.errors import ArgumentError, HandleError, InputError, OutputError
from inception_hub.organising.placer import Placed


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    (folder / "below").mkdir(parents=True)
    for number in range(3):
        (folder / f"{number}.png").write_bytes(png(number, (40, 30)))
    (folder / "below" / "0.png").write_bytes(png(9, (40, 30)))
    (folder / "bad.jpg").write_bytes(b"no photo")
    (folder / "film.mov").touch()
    return folder


def test_by_the_classes_of_classify(photos: Path, module: hub.Module) -> None:
    into = photos / "sorted"
    before = tree(photos)
    seen: list[Placed] = []
    planned = hub.organise(photos, into, module, least=0.0, dry_run=True)
    assert tree(photos) == before and planned.placed == 4
    summary = hub.organise(str(photos), str(into), module, least=0.0, xmp=True, on_photo=seen.append)
    assert (summary.placed, summary.unsure, summary.failed) == (
        4,
        0,
        1,
    ) and summary.folders == planned.folders
    assert "bad.jpg is no readable image" in summary.errors[0] and str(summary.unread).endswith("1 .mov.")
    rows = {row.path: row.predictions for row in hub.classify(photos, module) if row.predictions}
    assert len(seen) == 4
    for placed in seen:
        best = rows[placed.photo][0]
        assert placed.label == best.label and placed.probability == pytest.approx(best.probability)
        assert (
            placed.to.parent == into / best.label
            and placed.to.read_bytes() == Path(placed.photo).read_bytes()
        )
        assert f"<rdf:li>{best.label}<" in placed.to.with_name(placed.to.name + ".xmp").read_text("utf-8")
    again = hub.organise(photos, into, module, least=0.0, xmp=True)
    assert (again.placed, again.before, str(again.unread)[-7:]) == (0, 4, "1 .mov.")
    assert hub.undo_organise(into).back == 4 and tree(photos) == before


def test_less_likely_photos_are_unsure(photos: Path, module: hub.Module) -> None:
    summary = hub.organise(
        [photos / "0.png", photos / "1.png"], photos / "sorted", module, least=1.0, xmp=True
    )
    assert summary.folders == {"unsure": 2} and summary.unsure == 2
    assert not list((photos / "sorted").rglob("*.xmp")), "no class is sure enough to be a keyword"


def test_all_photos_moved_once_more_is_no_error(photos: Path, module: hub.Module) -> None:
    (photos / "bad.jpg").unlink()
    assert hub.organise(photos, photos / "sorted", module, how="move").placed == 4
    summary = hub.organise(photos, photos / "sorted", module, how="move")
    assert (summary.placed, summary.before, summary.failed) == (0, 4, 0)


def test_a_run_is_stopped_and_continued(photos: Path, module: hub.Module) -> None:
    asked: list[None] = []

    def stopped() -> bool:
        asked.append(None)
        return len(asked) > 2

    into = photos / "sorted"
    first = hub.organise(photos, into, module, stopped=stopped)
    assert first.left and first.placed == 2
    second = hub.organise(photos, into, module)
    assert not second.left and (second.placed, second.before) == (2, 2)


def test_the_settings_of_a_folder_hold(photos: Path, module: hub.Module) -> None:
    hub.organise(photos / "0.png", photos / "sorted", module)
    into = photos / "sorted"
    changed: list[tuple[Callable[[], object], str]] = [
        (lambda: hub.organise(photos, into, module, least=0.8), "least 0.5, not 0.8"),
        (lambda: hub.organise(photos, into, module, how="move"), "how copy, not move"),
        (lambda: hub.organise(photos, into, module, xmp=True), "xmp False, not True"),
        (lambda: hub.organise(photos, into, module, resize="plain"), "resize default, not plain"),
        (lambda: hub.organise(photos, into, "tiny_imagenet"), "module small, not tiny_imagenet"),
    ]
    for call, said in changed:
        with pytest.raises(OutputError, match=f"sorted was organised with {said}"):
            call()
    settings = json.loads((photos / "sorted" / "organised.jsonl").read_text().splitlines()[0])["settings"]
    assert settings["module"] == "small" and settings["how"] == "copy"


def test_mistakes_are_said_before_anything_is_made(photos: Path, module: hub.Module) -> None:
    into = photos / "sorted"
    before = tree(photos)
    with pytest.raises(ArgumentError, match="how is 'erase'; give one of copy, link, move"):
        hub.organise(photos, into, module, how="erase")  # type: ignore[arg-type]
    for least in (-0.1, 1.5, float("nan")):
        with pytest.raises(ArgumentError, match="give a probability from 0 to 1"):
            hub.organise(photos, into, module, least=least)
    with pytest.raises(InputError, match="images holds a bytes; give paths, folders or globs"):
        hub.organise([b"pixels"], into, module)  # type: ignore[list-item]
    with pytest.raises(HandleError, match="pattern matches no photo"):
        hub.organise(str(photos / "*.gif"), into, module)
    with pytest.raises(ArgumentError, match="resize is 'fit'"):
        hub.organise(photos, into, module, resize="fit")  # type: ignore[arg-type]
    assert tree(photos) == before
