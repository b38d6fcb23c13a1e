"""`train` on the command line: the recipe is checked before anything is read."""

from pathlib import Path

import pytest
from helpers.command import run

from inception_hub.training.recipes import RECIPES


def test_an_unknown_recipe_names_those_there_are(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code, out, err = run(capsys, "train", "fancy", tmp_path / "photos", "--output", tmp_path / "module")
    assert (code, out) == (2, "")
    assert "no recipe 'fancy'; give tiny-imagenet, tiny-imagenet-cpu, imagenet, slim, or the path" in err


def test_a_value_that_is_no_choice_names_the_choices(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    command = ("train", "slim", tmp_path, "--output", tmp_path / "module")
    code, out, err = run(capsys, *command, "--precision", "f16")
    assert (code, out) == (2, "") and "--precision is 'f16'; give f32 or bf16" in err
    assert not (tmp_path / "module.run").exists()


def test_help_names_every_recipe(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "train", "--help")
    words = " ".join(out.split())
    assert code == 0 and f"{', '.join([*RECIPES][:-1])} or {[*RECIPES][-1]};" in words
