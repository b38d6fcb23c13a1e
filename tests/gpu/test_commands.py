"""The command line with `--device cuda`: the CPU's rows, modules that learn, a sentence for full memory."""

import json
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers.command import run
from PIL import Image

pytestmark = pytest.mark.gpu
RoomFor = Callable[[int], AbstractContextManager[None]]
TOLERANCE = 1e-4
COLOURS = {"a": (40, 60, 200), "b": (60, 180, 60), "c": (200, 60, 40)}  # three of the module's ten classes


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for each class, of ten noisy photos in its colour."""
    root = tmp_path_factory.mktemp("gpu") / "photos"
    noise = np.random.default_rng(0)
    for name, colour in COLOURS.items():
        (root / name).mkdir(parents=True)
        for number in range(10):
            pixels = np.array(colour) + noise.integers(-40, 40, (48 + number, 40, 3))
            Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(root / name / f"{number}.jpg")
    return root


def answers(
    capsys: pytest.CaptureFixture[str], device: str, verb: str, *arguments: object
) -> list[Mapping[str, Any]]:
    code, out, _ = run(capsys, verb, *arguments, "--engine", "torch", "--device", device, "--format", "jsonl")
    assert code == 0
    return [json.loads(line) for line in out.splitlines()]


def test_classify_and_embed_write_the_cpu_s_rows(
    capsys: pytest.CaptureFixture[str], device: str, folder: Path, small_module: Path
) -> None:
    for verb, options in (("classify", ("--top", 10)), ("embed", ())):
        expected, found = (
            answers(capsys, place, verb, folder, "--module", small_module, *options)
            for place in ("cpu", device)
        )
        assert [row["path"] for row in found] == [row["path"] for row in expected] and len(found) == 30
        numbers = [np.array([values(row) for row in rows]) for rows in (expected, found)]
        assert np.abs(numbers[1] - numbers[0]).max() <= TOLERANCE * np.abs(numbers[0]).max()


def values(row: Mapping[str, Any]) -> list[float]:
    """A row's vector, or its probabilities by class."""
    if "vector" in row:
        return row["vector"]
    return [p["probability"] for p in sorted(row["predictions"], key=lambda prediction: prediction["index"])]


def test_evaluate_finds_the_cpu_s_figures(
    capsys: pytest.CaptureFixture[str], device: str, folder: Path, small_module: Path
) -> None:
    found = []
    for place in ("cpu", device):
        code, out, _ = run(
            capsys, "evaluate", small_module, folder, "--json", "--engine", "torch", "--device", place
        )
        assert code == 0
        found.append(json.loads(out))
    assert found[1]["images"] == found[0]["images"] == 30
    assert all(
        found[1][key] == pytest.approx(found[0][key], abs=TOLERANCE) for key in ("top1", "top5", "ece")
    )


@pytest.mark.parametrize("precision", ["f32", "bf16"])
def test_finetune_makes_a_module_that_knows_the_photos(
    capsys: pytest.CaptureFixture[str],
    device: str,
    folder: Path,
    small_module: Path,
    tmp_path: Path,
    precision: str,
) -> None:
    module = tmp_path / "colours"
    code, out, err = run(
        capsys, "finetune", folder, "--module", small_module, "--output", module, "--device", device,
        "--precision", precision, "--epochs", 2, "--batch-size", 8, "--image-size", 32,
    )  # fmt: skip
    assert code == 0 and "top-1 100.00%" in out and "\nepoch 2: loss" in err
    assert "Measured as stored, on " in (module / "README.md").read_text("utf-8")
    rows = answers(capsys, device, "classify", folder, "--module", module, "--top", 1)
    assert all(row["predictions"][0]["label"] == Path(row["path"]).parent.name for row in rows)


def test_full_memory_is_told(
    capsys: pytest.CaptureFixture[str], device: str, folder: Path, room_for: RoomFor
) -> None:
    command = ("classify", folder, "--module", "tiny_imagenet", "--engine", "torch", "--device", device)
    with room_for(0):
        code, _, err = run(capsys, *command)
    assert code in (1, 2) and "memory" in err
