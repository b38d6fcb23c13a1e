"""`info`, `pull` and `convert`."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from helpers.command import run

from inception_hub import bundle
from inception_hub.labels import Labels


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
    assert "a, b, c, d, e, ...\n" in out and "None" not in out and " \n" not in out


def test_info_rounds_its_figures(
    capsys: pytest.CaptureFixture[str], small_module: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    figures = {
        "data": "ten", "images": 1234, "precision": "int8", "top1": 0.123456, "top5": 0.5, "ece": 0.0362
    }  # fmt: skip
    made = replace(bundle.read(small_module), accuracy=(figures, {"data": "none", "agreement": 1.0}))
    bundle.write(made, tmp_path / "module")
    monkeypatch.setenv("COLUMNS", "120")
    _, out, _ = run(capsys, "info", tmp_path / "module")
    expected = "top-1 12.35% (10.6% to 14.3%), top-5 50.00% (47.2% to 52.8%), ECE 0.036"
    assert f"ten, 1,234 photos, int8, {expected}\n" in out
    assert out.endswith("  none, agreement 100.00%\ncalibrated    no\n")


def test_top_5_of_five_classes_is_not_shown(
    capsys: pytest.CaptureFixture[str], small_module: Path, tmp_path: Path
) -> None:
    """Earlier versions stored it; it is 100% of any module."""
    whole = bundle.read(small_module)
    head = "InceptionV2/Logits/Conv2d_1c_1x1/"
    weights = {n: w[..., :5] if n.startswith(head) else w for n, w in whole.weights.items()}
    made = replace(
        whole,
        architecture=replace(whole.architecture, num_classes=5),
        weights=weights,
        labels=Labels(tuple("abcde"), (None,) * 5),
        accuracy=({"data": "ten", "images": 10, "top1": 1.0, "top5": 1.0},),
    )
    bundle.write(made, tmp_path / "module")
    _, out, _ = run(capsys, "info", tmp_path / "module")
    assert "ten, 10 photos, top-1 100.00% (72.2% to 100.0%)\n" in out and "top-5" not in out
    _, out, _ = run(capsys, "info", tmp_path / "module", "--json")
    assert json.loads(out)["accuracy"] == [{"data": "ten", "images": 10, "top1": 1.0}]


def test_a_photo_in_the_place_of_a_module(capsys: pytest.CaptureFixture[str], photos: Path) -> None:
    code, _, err = run(capsys, "info", photos / "0.png")
    assert code == 2 and err.endswith("0.png' is a photo; give a module, such as tiny_imagenet.\n")


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
