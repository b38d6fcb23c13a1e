"""Module directories of this package as a format: copied, verified, compared."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from helpers.command import run
from helpers.exports import compare_one_shape

from inception_hub import bundle
from inception_hub.formats import module_directory
from inception_hub.formats.options import Options


def test_a_module_directory_of_ours(
    capsys: pytest.CaptureFixture[str], small_module: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compare_one_shape(monkeypatch)
    code, out, err = run(capsys, "export", small_module, "--to", "module", tmp_path / "copy")
    assert (code, out) == (0, f"{tmp_path / 'copy'}\n")
    assert err.startswith(
        "Wrote module, 2.6 MB; loaded with inception-hub 0.1.0, it answers within a relative"
    )
    copy, source = bundle.read(tmp_path / "copy"), bundle.read(small_module)
    assert all(np.array_equal(copy.weights[name], array) for name, array in source.weights.items())
    code, _, err = run(capsys, "export", small_module, "--to", "module", tmp_path / "copy")
    assert code == 2 and "exists and is left as it is" in err
    assert run(capsys, "export", small_module, "--to", "module", tmp_path / "copy", "--force")[0] == 0


def test_altered_module_files_are_refused(
    capsys: pytest.CaptureFixture[str], small_module: Path, tmp_path: Path
) -> None:
    shutil.copytree(small_module, tmp_path / "module")
    with open(tmp_path / "module/weights.safetensors", "r+b") as file:
        file.seek(5000)
        file.write(b"\1")
    code, _, err = run(capsys, "export", tmp_path / "module", "--to", "module", tmp_path / "out")
    assert code == 2 and "weights.safetensors is not the file that module.json describes" in err
    assert not (tmp_path / "out").exists()


def test_the_calibration_is_carried(calibrated_module: Path, tmp_path: Path) -> None:
    before = bundle.read(calibrated_module)
    module_directory.write(before, tmp_path / "copy", Options())
    after = bundle.read(tmp_path / "copy")
    assert before.calibration is not None and after.calibration is not None
    for name, array in before.calibration.items():
        np.testing.assert_array_equal(after.calibration[name], array)
