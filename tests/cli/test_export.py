"""`export`: what was written, how large, by which software it was checked."""

from pathlib import Path

import pytest
from helpers.command import run


def test_a_module_directory(small_module: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "copy"
    code, out, err = run(capsys, "export", small_module, target, "--to", "module")
    assert (code, out) == (0, f"{target}\n")
    assert err.startswith("Wrote module, ") and "loaded with inception-hub " in err
    assert (target / "module.json").is_file()


def test_a_format_that_is_none(
    small_module: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = run(capsys, "export", small_module, tmp_path / "x", "--to", "caffe")
    assert (code, out) == (2, "") and "The format is 'caffe'; give one of module, tf1-hub" in err
    assert not list(tmp_path.iterdir())
