"""`inspect` on generated photos with planted faults: each is found, by its kind, and nothing is changed."""

import csv
import os
from pathlib import Path

import pytest
from helpers.dataset_files import class_folders
from helpers.faulty_photos import (
    CONFLICTS,
    DUPLICATES,
    LEAKS,
    POOR,
    UNREADABLE,
    WRONG,
    faulty_photos,
    total,
)
from helpers.pages import Page

import inception_hub as hub
from inception_hub.errors import ArgumentError, HandleError, OutputError
from inception_hub.inspection.inspect import InspectionResult

Found = dict[str, list[tuple[str, ...]]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return faulty_photos(tmp_path_factory.mktemp("faulty"))


@pytest.fixture(scope="module")
def run(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[InspectionResult, Found, str]:
    """The result, the lines of the file of decisions by kind, and the page."""
    made = tmp_path_factory.mktemp("made")
    before = sorted(os.walk(folder))
    result = hub.inspect(folder, "tiny_imagenet", report=made / "page.html", decisions=made / "decisions.csv")
    assert sorted(os.walk(folder)) == before
    assert sorted(path.name for path in made.iterdir()) == ["decisions.csv", "page.html"]
    with (made / "decisions.csv").open(newline="") as file:
        lines = list(csv.DictReader(file))
    found: Found = {}
    for line in lines:
        found.setdefault(line["kind"], []).append((line["path"], line["decision"], line["suggestion"]))
    return result, found, (made / "page.html").read_text("utf-8")


def paths(found: Found, kind: str, decision: str | None = None) -> set[str]:
    return {path for path, decided, _ in found.get(kind, ()) if decision in (None, decided)}


def test_copies_are_found_within_and_across_splits(run: tuple[InspectionResult, Found, str]) -> None:
    _, found, _ = run
    assert paths(found, "duplicate") == paths(found, "duplicate", "exclude") == DUPLICATES.keys()
    assert paths(found, "leak") == paths(found, "leak", "exclude") == LEAKS.keys()
    assert found["leak"][0][2] == "copy of validation: validation/red/0.jpg"
    both = CONFLICTS.keys() | {original for _, original in CONFLICTS.values()}
    assert paths(found, "conflict") == paths(found, "conflict", "keep") == both


def test_wrong_labels_are_the_most_suspicious(run: tuple[InspectionResult, Found, str]) -> None:
    _, found, _ = run
    first = [path for path, _, _ in found["wrong label"][: len(WRONG) + 1]]
    assert set(first) == WRONG.keys() | CONFLICTS.keys(), "the copy with another label is wrong, too"
    assert {path: label for path, _, label in found["wrong label"] if path in WRONG} == WRONG
    assert WRONG.keys() <= paths(found, "wrong label", "exclude")


def test_poor_photos_are_named_by_what_is_poor(run: tuple[InspectionResult, Found, str]) -> None:
    _, found, _ = run
    for kind, path in POOR.items():
        also = {POOR["dark"]} if kind == "blurred" else set()  # its edges are faint
        assert paths(found, kind) == paths(found, kind, "keep") == {path} | also, kind
    assert {POOR["grey"], POOR["blurred"]} <= paths(found, "outlier")
    assert len(found["outlier"]) <= 5
    assert paths(found, "unreadable", "exclude") == {UNREADABLE}


def test_the_result_counts_what_the_file_lists(run: tuple[InspectionResult, Found, str]) -> None:
    result, found, _ = run
    assert result.photos == total() and result.module == "tiny_imagenet"
    assert result.counts() == {kind: len(found.get(kind, ())) for kind in result.counts()}
    excluded = {path for lines in found.values() for path, decision, _ in lines if decision == "exclude"}
    summary = result.summary()
    assert summary["proposed_to_exclude"] == result.excluded == len(excluded)
    assert summary["findings"] == result.counts() and 0.9 < summary["accuracy"] <= 1
    assert result.confused == () and result.notes == ()


def test_the_page_shows_every_group(run: tuple[InspectionResult, Found, str]) -> None:
    result, found, html = run
    page = Page(html)
    ids = [attributes["id"] for attributes in page.attributes("section") if "id" in attributes]
    assert ids == [kind.replace(" ", "-") for kind in result.counts() if kind in found]
    assert [a["href"] for a in page.attributes("a")] == [f"#{each}" for each in ids]
    pairs = sum(len(found[kind]) for kind in ("leak", "conflict", "duplicate"))
    assert len(page.attributes("img")) == sum(map(len, found.values())) + pairs - 1, "one cannot be read"
    assert "script" not in {tag for tag, _, _ in page.elements}


def test_a_module_and_progress_may_be_given(folder: Path, module: hub.Module) -> None:
    told: list[tuple[str, int, int]] = []
    result = hub.inspect(str(folder), module, on_progress=lambda *each: told.append(each))
    assert result.module == "small" and {what for what, _, _ in told} == {"looking", "comparing"}
    assert ("looking", total(), total()) in told


def test_validation_photos_may_lie_elsewhere(tmp_path: Path, module: hub.Module) -> None:
    class_folders(tmp_path / "photos", {"a": 6, "b": 6})
    class_folders(tmp_path / "held", {"a": 2, "b": 2}, seed=10)  # photos 11 and 12 are there, too
    result = hub.inspect(tmp_path / "photos", module, validation=tmp_path / "held")
    assert result.photos == 16
    assert {each.photo for each in result.findings if each.kind == "leak"} == {("train", 10), ("train", 11)}


@pytest.mark.parametrize("counts", [{"a": 12}, {"a": 4, "b": 3}])
def test_too_little_to_judge_labels_is_said(
    counts: dict[str, int], tmp_path: Path, module: hub.Module
) -> None:
    result = hub.inspect(class_folders(tmp_path / "photos", counts), module)
    (note,) = [note for note in result.notes if note.startswith("Labels are not judged")]
    assert "5 readable photos or more each" in note
    assert result.accuracy is None and "agrees with" not in result.page()
    assert any("Tiny: " in note for note in result.notes), "photos of 8 pixels are what this data is like"
    assert result.counts()["tiny"] == 0


def test_small_classes_are_named(tmp_path: Path, module: hub.Module) -> None:
    result = hub.inspect(class_folders(tmp_path / "photos", {"a": 6, "b": 6, "few": 2}), module)
    assert "Labels of classes with fewer than 5 readable photos are not judged: few." in result.notes


def test_nothing_readable_is_an_error_and_leaves_nothing(tmp_path: Path, module: hub.Module) -> None:
    (tmp_path / "photos" / "a").mkdir(parents=True)
    (tmp_path / "photos" / "a" / "0.png").write_bytes(b"no photo")
    with pytest.raises(ArgumentError, match="None of 1 photo of photos can be read"):
        hub.inspect(tmp_path / "photos", module, report=tmp_path / "page.html")
    assert [path.name for path in tmp_path.iterdir()] == ["photos"]


@pytest.mark.parametrize("option", ["report", "decisions"])
def test_files_that_are_there_are_left_alone(tmp_path: Path, module: hub.Module, option: str) -> None:
    class_folders(tmp_path / "photos", {"a": 2})
    (tmp_path / "mine").write_text("edited by hand")
    with pytest.raises(OutputError, match="exists and is left as it is"):
        hub.inspect(tmp_path / "photos", module, **{option: tmp_path / "mine"})
    assert (tmp_path / "mine").read_text() == "edited by hand"


def test_one_file_for_both_is_refused(tmp_path: Path, module: hub.Module) -> None:
    class_folders(tmp_path / "photos", {"a": 2})
    with pytest.raises(ArgumentError, match="report and decisions are both"):
        hub.inspect(tmp_path / "photos", module, report=tmp_path / "x", decisions=tmp_path / "x")


def test_data_that_is_not_there_is_an_error(tmp_path: Path, module: hub.Module) -> None:
    with pytest.raises(HandleError):
        hub.inspect(tmp_path / "nowhere", module)
