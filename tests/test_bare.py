"""What works where OpenVINO, `datasets`, TensorBoard and matplotlib are missing, by the real command line.

So it is on a machine that somebody prepared for PyTorch alone.
"""

import json
from pathlib import Path

import numpy as np
import pytest
from helpers import forked
from PIL import Image

MISSING = ("openvino", "datasets", "pyarrow", "tensorboard", "matplotlib", "hypothesis")
# Before the command is forked; the last is what PyTorch's optimisers import.
IMPORTED = ("inception_hub.cli.app", "inception_hub.training.finetune", "torch._dynamo")


def run(*arguments: object) -> tuple[int, str, str]:
    """Exit status, standard output, standard error of `inception-hub ARGUMENTS` without `MISSING`."""
    ended = forked.run(*arguments, imported=IMPORTED, missing=MISSING)
    assert "Traceback" not in ended.stderr
    return ended.returncode, ended.stdout, ended.stderr


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three classes of six photos."""
    root = tmp_path_factory.mktemp("bare") / "photos"
    noise = np.random.default_rng(0)
    for level, name in enumerate("abc"):
        (root / name).mkdir(parents=True)
        for number in range(6):
            pixels = (noise.integers(0, 60, (40, 40, 3)) + 80 * level).astype(np.uint8)
            Image.fromarray(pixels).save(root / name / f"{number}.png")
    return root


@pytest.fixture(scope="module")
def made(
    folder: Path, small_module: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, tuple[int, str, str]]:
    """A module of `folder`'s classes, and what was said while it was made."""
    output = tmp_path_factory.mktemp("made") / "letters"
    return output, run(
        "finetune", folder, "--module", small_module, "--output", output, "--phases", "head",
        "--precision", "f32",
    )  # fmt: skip


def test_finetuning_goes_on_and_says_what_is_missing(made: tuple[Path, tuple[int, str, str]]) -> None:
    output, (code, out, err) = made
    assert code == 0 and "top-1 100.00%" in out
    assert "No curves are written for TensorBoard, which is not installed: pip install tensorboard.\n" in err
    no_plots = "The report has no plots, as matplotlib is not installed: pip install matplotlib."
    assert f"{no_plots}\n" in err
    page = (output / "report.html").read_text("utf-8")
    assert no_plots in page and "as stored, on PyTorch (cpu) in float32" in page and "<svg" not in page
    assert "Measured as stored, on PyTorch (cpu) in float32. " in (output / "README.md").read_text("utf-8")
    assert not output.with_name("letters.run").exists()


def test_it_answers_and_measures(made: tuple[Path, tuple[int, str, str]], folder: Path) -> None:
    module, page = made[0], folder.parent / "page.html"
    torch = ("--engine", "torch")
    code, out, err = run("evaluate", module, folder, "--json", "--report", page, *torch)
    assert code == 0 and (json.loads(out)["top1"], json.loads(out)["images"]) == (1.0, 18)
    assert err.endswith(
        f"The report has no plots, as matplotlib is not installed: pip install matplotlib.\nReport: {page}\n"
    )
    code, out, _ = run("classify", folder, "--module", module, "--top", 1, "--format", "jsonl", *torch)
    rows = [json.loads(line) for line in out.splitlines()]
    assert code == 0 and len(rows) == 18
    assert all(row["predictions"][0]["label"] == Path(row["path"]).parent.name for row in rows)
    code, out, _ = run("embed", folder / "a", "--module", module, "--format", "jsonl", *torch)
    assert code == 0 and [len(json.loads(line)["vector"]) for line in out.splitlines()] == [256] * 6


@pytest.mark.parametrize("verb", ["classify", "embed", "evaluate", "inspect", "bench"])
def test_openvino_is_named_where_it_was_to_answer(verb: str, folder: Path, small_module: Path) -> None:
    arguments = {
        "evaluate": (small_module, folder),
        "bench": ("--module", small_module),
    }
    code, out, err = run(verb, *arguments.get(verb, (folder, "--module", small_module)))
    assert (code, out) == (2, "")
    assert err == (
        "inception-hub: OpenVINO, which computes on the CPU, is not installed: pip install openvino, "
        "or give engine='torch' (--engine torch) to compute with PyTorch.\n"
    )


def test_only_data_of_the_hub_needs_another_library(small_module: Path) -> None:
    code, _, err = run("evaluate", small_module, "owner/name", "--engine", "torch")
    assert code == 2 and "A data set of the hub needs Hugging Face datasets, which is not installed" in err
    assert err.endswith(", or give a path.\n")
