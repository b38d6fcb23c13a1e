"""`evaluate` on the command line; its figures: tests/evaluation/test_measurement.py."""

from pathlib import Path

import pytest
from helpers.command import run
from PIL import Image


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two photos of two of the module's ten classes."""
    for name, colour in (("a", "red"), ("b", "blue")):
        (tmp_path / "photos" / name).mkdir(parents=True)
        Image.new("RGB", (64, 64), colour).save(tmp_path / "photos" / name / "0.png")
    return tmp_path / "photos"


def test_what_was_measured_is_one_line(
    capsys: pytest.CaptureFixture[str], folder: Path, small_module: Path
) -> None:
    code, out, err = run(capsys, "evaluate", small_module, folder)
    assert code == 0 and err == "Answering with small.\n"
    assert out.startswith("small: top-1 ") and out.endswith(" on 2 photos of photos train\n")


def test_a_report_that_exists_is_refused_before_anything_is_loaded(
    capsys: pytest.CaptureFixture[str], folder: Path, small_module: Path, tmp_path: Path
) -> None:
    page = tmp_path / "page.html"
    page.touch()
    code, out, err = run(capsys, "evaluate", small_module, folder, "--report", page)
    assert (code, out) == (2, "")
    assert err == (
        f"inception-hub: {page} already exists and is left as it is; give another name or remove it first.\n"
    )


def test_a_folder_that_is_not_there_is_an_error_of_one_line(
    capsys: pytest.CaptureFixture[str], folder: Path, small_module: Path, tmp_path: Path
) -> None:
    code, out, err = run(
        capsys, "evaluate", small_module, folder, "--report", tmp_path / "gone" / "page.html"
    )
    assert (code, out) == (2, "")
    assert "gone/page.html cannot be written" in err.splitlines()[-1]
