"""`info`, `pull` and `convert`."""

import json
import shutil
from pathlib import Path

import pytest
from helpers.command import run


def test_info(capsys: pytest.CaptureFixture[str], small_module: Path) -> None:
    code, out, _ = run(capsys, "info", small_module, "--json")
    facts = json.loads(out)
    assert code == 0
    assert (facts["name"], facts["classes"], facts["variables"], facts["image_size"]) == (
        "small",
        10,
        277,
        [64, 64],
    )
    assert len(facts["signatures"]) == 5
    code, out, _ = run(capsys, "info", small_module)
    assert code == 0 and "64 x 64" in out and "random numbers" in out


def test_convert(capsys: pytest.CaptureFixture[str], small_module: Path, tmp_path: Path) -> None:
    code, out, _ = run(capsys, "convert", small_module, tmp_path / "copy")
    assert code == 0 and out.strip() == str(tmp_path / "copy")
    assert (tmp_path / "copy" / "weights.safetensors").read_bytes() == (
        small_module / "weights.safetensors"
    ).read_bytes()


def test_offline_is_said(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INCEPTION_HUB_OFFLINE", "1")
    code, _, err = run(capsys, "pull", "imagenet")
    assert code == 2 and "INCEPTION_HUB_OFFLINE" in err and len(err.splitlines()) == 1


def test_what_cannot_be_kept_is_not_pulled(
    capsys: pytest.CaptureFixture[str], small_module: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full or read-only cache: other verbs use a temporary one, but to pull is to keep."""
    archive = shutil.make_archive(str(tmp_path / "small"), "gztar", small_module)
    code, out, _ = run(capsys, "pull", archive)
    assert code == 0 and Path(out.strip()).is_dir()
    (tmp_path / "file").touch()
    monkeypatch.setenv("INCEPTION_HUB_CACHE", str(tmp_path / "file"))
    with pytest.warns(UserWarning, match="kept only until this process ends"):
        code, out, err = run(capsys, "pull", archive)
    assert (code, out) == (2, "")
    assert f"is not pulled, for the cache {tmp_path / 'file'} cannot take it; make room there" in err
