"""`calibrate` on the command line: what it says, and its exit status."""

import shutil
from pathlib import Path

import pytest
from helpers.command import run
from helpers.dataset_photos import png


def test_it_says_what_may_be_asked_for(
    small_module: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    module = shutil.copytree(small_module, tmp_path / "module")
    for number in range(20):
        path = tmp_path / "data" / "ab"[number % 2] / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(png(number, (40, 30)))
    code, out, err = run(capsys, "calibrate", module, tmp_path / "data")
    assert (code, out) == (0, f"{module}\n")
    assert "Calibrated on 10 photos, class means by half of the photos; temperature " in err
    assert "a coverage of up to 90.91% may be asked for" in err
    code, out, err = run(capsys, "classify", tmp_path / "data", "--module", module, "--coverage", "0.9")
    assert code == 0 and "20 photos" in out
    code, out, err = run(capsys, "classify", tmp_path / "data", "--module", module, "--coverage", "0.95")
    assert code == 2 and "needs 19 photos or more to calibrate on" in err
    code, out, err = run(capsys, "classify", "x", "--module", module, "--coverage", "0.9", "--top", "2")
    assert code == 2 and "give one of them" in err
    (tmp_path / "data" / "a" / "0.png").write_bytes(b"no photo")
    code, out, err = run(capsys, "calibrate", module, tmp_path / "data")
    assert code == 1 and "0.png" in err
