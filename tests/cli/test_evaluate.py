"""`evaluate` on the command line; its figures: tests/evaluation/test_measurement.py."""

import sys
from pathlib import Path

import pytest
from helpers.command import run
from helpers.written_rows import small_files
from PIL import Image


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two photos of two of the module's ten classes."""
    for name, colour in (("a", "red"), ("b", "blue")):
        (tmp_path / "photos" / name).mkdir(parents=True)
        Image.new("RGB", (64, 64), colour).save(tmp_path / "photos" / name / "0.png")
    return tmp_path / "photos"


def test_what_was_measured_is_a_line_for_each_figure(
    capsys: pytest.CaptureFixture[str], folder: Path, small_module: Path
) -> None:
    code, out, err = run(capsys, "evaluate", small_module, folder)
    assert code == 0 and err == ""
    first, *figures = out.splitlines()
    assert first == "small on 2 photos of photos"
    assert [line.split()[0] for line in figures] == ["top-1", "top-5", "ECE"]


def test_a_report_that_exists_is_refused_before_anything_is_loaded(
    capsys: pytest.CaptureFixture[str], folder: Path, small_module: Path, tmp_path: Path
) -> None:
    page = tmp_path / "page.html"
    page.touch()
    code, out, err = run(capsys, "evaluate", small_module, folder, "--report", page)
    assert (code, out) == (2, "")
    assert err == (
        f"inception-hub: {page} exists and is left as it is; give another name or remove it first.\n"
    )


def test_folders_above_the_report_are_made_and_go_if_nothing_is_measured(
    capsys: pytest.CaptureFixture[str], folder: Path, small_module: Path, tmp_path: Path
) -> None:
    page = tmp_path / "new" / "er" / "page.html"
    code, _, _ = run(capsys, "evaluate", small_module, tmp_path / "gone", "--report", page)
    assert code == 2 and not (tmp_path / "new").exists()
    code, _, err = run(capsys, "evaluate", small_module, folder, "--report", page)
    assert code == 0 and err.endswith(f"Report: {page}\n") and list(page.parent.iterdir()) == [page]


def test_a_folder_that_cannot_be_made_is_known_before_anything_is_loaded(
    capsys: pytest.CaptureFixture[str], folder: Path, small_module: Path
) -> None:
    page = folder / "a" / "0.png" / "page.html"
    code, out, err = run(capsys, "evaluate", small_module, folder, "--report", page)
    assert (code, out) == (2, "")
    reason = "Not a directory"
    assert err == f"inception-hub: {page} cannot be written ({reason}); make room or write elsewhere.\n"


def test_figures_are_printed_where_the_report_cannot_be_written(
    capsys: pytest.CaptureFixture[str],
    folder: Path,
    small_module: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with small_files():
        code, out, err = run(capsys, "evaluate", small_module, folder, "--report", tmp_path / "page.html")
    assert code == 2 and out.startswith("small on 2 photos")
    assert "page.html cannot be written (File too large)" in err
    assert [path.name for path in tmp_path.iterdir()] == ["photos"]
