"""`inspect` on the command line; what it finds: tests/inspection/test_inspect.py."""

import csv
import json
from pathlib import Path

import pytest
from helpers.command import run
from helpers.dataset_files import class_folders
from helpers.dataset_photos import png


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Twelve photos of two classes, one of them there twice, and one that cannot be read."""
    root = class_folders(tmp_path / "photos", {"a": 6, "b": 6})
    (root / "a" / "copy.png").write_bytes(png(3))
    (root / "b" / "broken.png").write_bytes(b"no photo")
    return root


def test_a_line_for_each_kind_and_what_is_proposed(
    capsys: pytest.CaptureFixture[str], folder: Path, small_module: Path, tmp_path: Path
) -> None:
    page, file = tmp_path / "new" / "page.html", tmp_path / "my decisions.csv"
    command = ("inspect", folder, "--module", small_module, "--report", page, "--decisions", file)
    code, out, err = run(capsys, *command)
    assert code == 0, "what cannot be read is what was looked for"
    first, *lines, last = out.splitlines()
    assert first == "photos, 14 photos, told apart by small"
    assert "      1  copies" in lines and "      1  cannot be read" in lines and "      0  tiny" in lines
    assert last == "Proposed to be left out of training: 2 photos"
    assert "Tiny: 13 of 13 photos; that is what the data is like" in err
    continued = f"inception-hub finetune {folder} --output my_module --exclude '{file}'"
    assert err.endswith(f"Report: {page}\nDecisions: {file}; edit them, then: {continued}\n")
    with file.open(newline="") as opened:
        excluded = {row["path"] for row in csv.DictReader(opened) if row["decision"] == "exclude"}
    assert excluded == {"a/copy.png", "b/broken.png"} and page.is_file()


def test_json_has_the_numbers(capsys: pytest.CaptureFixture[str], folder: Path, small_module: Path) -> None:
    code, out, _ = run(capsys, "inspect", folder, "--module", small_module, "--json")
    figures = json.loads(out)
    assert code == 0 and figures["photos"] == 14 and figures["proposed_to_exclude"] == 2
    assert figures["findings"]["duplicate"] == figures["findings"]["unreadable"] == 1


def test_decisions_that_exist_are_refused_before_anything_is_loaded(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "d.csv").write_text("edited")
    code, out, err = run(capsys, "inspect", tmp_path / "gone", "--decisions", tmp_path / "d.csv")
    assert (code, out) == (2, "") and "d.csv exists and is left as it is" in err
    assert (tmp_path / "d.csv").read_text() == "edited"


def test_what_is_decided_is_left_out_of_training(
    capsys: pytest.CaptureFixture[str], folder: Path, small_module: Path, tmp_path: Path
) -> None:
    pytest.importorskip("torch")
    file, made = tmp_path / "decisions.csv", tmp_path / "made"
    run(capsys, "inspect", folder, "--module", small_module, "--decisions", file)
    command = ("finetune", folder, "--module", small_module, "--output", made, "--phases", "head")
    code, _, err = run(capsys, *command, "--exclude", file)
    assert code == 0 and "2 photos are left out, as decisions.csv says." in err
    assert "train: 9 photos of 2 classes" in err and "validation: 3 photos" in err
    assert "cannot be read" not in err
    assert "2 photos are left out, as decisions.csv says." in (made / "report.html").read_text("utf-8")
    assert sorted(path.name for path in (folder / "b").iterdir())[-1] == "broken.png", "nothing is deleted"
