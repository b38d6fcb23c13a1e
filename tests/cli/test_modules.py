"""`info`, `pull` and `convert`."""

import json
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
