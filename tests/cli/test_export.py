"""`export`: what was written, how large, by which software it was checked."""

from dataclasses import replace
from pathlib import Path

import pytest
from helpers.command import run
from helpers.exports import compare_one_shape

from inception_hub import bundle
from inception_hub.formats.table import FORMATS
from inception_hub.images.presets import Preset


def test_a_module_directory(
    small_module: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    compare_one_shape(monkeypatch)
    target = tmp_path / "copy"
    code, out, err = run(capsys, "export", small_module, target, "--to", "module")
    assert (code, out) == (0, f"{target}\n")
    assert err.startswith("Wrote module, ") and "loaded with inception-hub " in err
    assert (target / "module.json").is_file()


@pytest.mark.parametrize("preset", ["default", "pad"])
def test_a_format_that_cannot_state_the_preset_says_so(
    small_module: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch, preset: Preset,
) -> None:  # fmt: skip
    """A format that can, declared as one of those that cannot: these are TensorFlow's, which is not here."""
    compare_one_shape(monkeypatch)
    assert {name for name, format in FORMATS.items() if not format.states_resize} == {
        "tf1-hub", "savedmodel", "tf-checkpoint",
    }  # fmt: skip
    bundle.write(replace(bundle.read(small_module), resize=preset), tmp_path / "made")
    _, _, err = run(capsys, "export", tmp_path / "made", tmp_path / "one", "--to", "module")
    assert "resized" not in err
    monkeypatch.setitem(FORMATS, "module", replace(FORMATS["module"], states_resize=False))
    code, _, err = run(capsys, "export", tmp_path / "made", tmp_path / "other", "--to", "module")
    told = f"The format module does not say how photos are resized, which here is by {preset}:"
    assert code == 0 and (told in err) == (preset != "default")


def test_a_format_that_is_none(
    small_module: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = run(capsys, "export", small_module, tmp_path / "x", "--to", "caffe")
    assert (code, out) == (2, "") and "The format is 'caffe'; give one of module, tf1-hub" in err
    assert not list(tmp_path.iterdir())
