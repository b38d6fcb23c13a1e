"""`evaluate`: a module's answers for labelled photos, alone and against another's, from either engine."""

import json
from pathlib import Path

import numpy as np
import pytest
from cases import images_from_seed
from command import run
from PIL import Image

from inception_hub import Module, load_images

CLASSES = "abc"  # three of the module's ten


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for number, name in enumerate(CLASSES * 4):
        (tmp_path / "photos" / name).mkdir(parents=True, exist_ok=True)
        pixels = (images_from_seed((48, 64, 3), number) * 255).astype(np.uint8)
        Image.fromarray(pixels).save(tmp_path / "photos" / name / f"{number}.png")
    return tmp_path / "photos"


@pytest.mark.parametrize("engine", ["openvino", "torch"])
def test_it_counts_what_the_module_answers(
    capsys: pytest.CaptureFixture[str], folder: Path, small_module: Path, engine: str
) -> None:
    code, out, err = run(capsys, "evaluate", small_module, folder, "--json", "--engine", engine)
    assert code == 0 and err == "Answering with small.\n"
    facts = json.loads(out)
    module = Module(small_module)
    paths = sorted(folder.rglob("*.png"))
    answers = module(load_images(paths, module)).argmax(1)
    hits = [module.labels[answer] == path.parent.name for answer, path in zip(answers, paths, strict=True)]
    assert (facts["images"], facts["top1"]) == (12, pytest.approx(np.mean(hits)))
    assert {"top5", "ece"} <= set(facts)


def test_two_modules_side_by_side(
    capsys: pytest.CaptureFixture[str], folder: Path, small_module: Path, tmp_path: Path
) -> None:
    page = tmp_path / "page.html"
    command = ("evaluate", small_module, folder, "--against", small_module)
    code, out, _ = run(capsys, *command, "--report", page)
    assert code == 0
    assert "small minus small: top-1 +0.00%, 95% interval +0.00% to +0.00%" in out
    assert page.read_text("utf-8").startswith("<!doctype html>")
    code, out, _ = run(capsys, *command, "--json")
    facts = json.loads(out)
    assert [f["module"] for f in facts["modules"]] == ["small", "small"]
    assert facts["comparison"]["difference"] == 0
    code, _, err = run(capsys, *command, "--report", page)
    assert code == 2 and "already exists and is left as it is" in err


def test_photos_that_cannot_be_read_are_named(
    capsys: pytest.CaptureFixture[str], folder: Path, small_module: Path
) -> None:
    (folder / "a" / "0.png").write_bytes(b"\x89PNG no more")
    code, out, err = run(capsys, "evaluate", small_module, folder)
    assert code == 1 and "on 11 photos" in out
    assert "1 of 12 photos could not be read:" in err and "0.png" in err
