"""`quantize` on the command line: mistakes that cost no calibration."""

from pathlib import Path

import pytest
from helpers.command import run


def test_a_module_in_the_cache_or_nowhere(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "quantize", tmp_path / "nothing", "--calibrate", tmp_path)
    assert (code, out) == (2, "") and "nothing" in err and err.count("\n") == 1


def test_no_photos(small_module: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "quantize", small_module, "--calibrate", tmp_path)
    assert (code, out) == (2, "") and str(tmp_path) in err and err.startswith("inception-hub: ")
