"""`finetune` on the command line: choices and ranges; what it makes: tests/training/test_finetune.py."""

import inspect
import re
from dataclasses import fields
from pathlib import Path

import pytest
from helpers.colour_photos import write_colour_photos
from helpers.command import run
from helpers.forked import TRAINING
from helpers.terminals import lines_of, on_terminal

from inception_hub.cli.finetune import finetune
from inception_hub.training.finetune_options import FinetuneOptions


@pytest.mark.parametrize(
    "option, value, message",
    [
        ("--phases", "tail", "--phases is 'tail'; give both, head or full"),
        ("--batch-norm", "off", "--batch-norm is 'off'; give update or frozen"),
        ("--select", "top5", "--select is 'top5'; give loss or accuracy"),
        ("--precision", "f16", "--precision is 'f16'; give f32 or bf16"),
        ("--batch-size", "1", "--batch-size is '1'; give 2 or more"),
        ("--image-size", "31", "--image-size is '31'; give 32 or more"),
    ],
)
def test_a_value_that_is_not_accepted_names_what_is(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, option: str, value: str, message: str
) -> None:
    command = ("finetune", tmp_path, "--output", tmp_path / "module")
    code, out, err = run(capsys, *command, option, value)
    assert (code, out) == (2, "") and len(err.splitlines()) == 1
    assert option in err and message in err
    assert not (tmp_path / "module.run").exists()


def test_the_help_shows_the_choices(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "90")
    _, out, _ = run(capsys, "finetune", "--help")
    for choices in ("both|head|full", "update|frozen", "f32|bf16", "cpu|cuda"):
        assert choices in out


def test_defaults_are_those_of_the_options() -> None:
    """The verb writes them again, so that the command line starts without training's modules."""
    parameters = inspect.signature(finetune).parameters
    shared = [each for each in fields(FinetuneOptions) if each.name in parameters and each.name != "device"]
    assert len(shared) == 14
    for each in shared:
        assert parameters[each.name].default == each.default, each.name
    assert parameters["precision"].default is FinetuneOptions.bfloat16 is None


def test_a_run_explains_itself_on_a_terminal(tmp_path: Path, small_module: Path) -> None:
    photos, output = write_colour_photos(tmp_path / "photos"), tmp_path / "m"
    (photos / "red" / "phone.mov").touch()
    (photos / "violet").mkdir()
    options = ("--module", small_module, "--epochs", 1, "--image-size", 32, "--precision", "f32")
    command = ("finetune", photos, "--output", output, *options)
    code, shown = on_terminal(*command, columns=60, kind="xterm", imported=TRAINING)
    assert code == 0, shown
    lines = lines_of(shown)
    words = " ".join(lines)
    assert re.search(r"head: validation loss [0-9.]+, top-1 [0-9.]+% \([0-9.]+% to [0-9.]+%\) ", words)
    assert re.search(r"epoch 1: loss [0-9.]+, validation loss [0-9.]+, top-1 [0-9.]+% \([0-9.]+% to ", words)
    assert "1 file is not read, being no photo by its name: 1 .mov." in words
    assert "1 folder holds no photo: violet." in words
    assert sum(line.startswith("Fine-tuning small in float32") for line in lines) == 1
    title = next(number for number, line in enumerate(lines) if line.startswith("on validation "))
    assert lines[title + 1].startswith("head ") and lines[title + 2].startswith("whole network, epoch 1 ")
    assert "Kept: " in words and "95% interval" in words and "top-5" not in words
    assert all(len(line) <= 60 for line in lines if str(tmp_path) not in line), shown


def test_nothing_is_announced_before_an_error(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, small_module: Path
) -> None:
    command = ("finetune", tmp_path / "gone", "--module", small_module, "--output", tmp_path / "m")
    code, out, err = run(capsys, *command)
    assert (code, out) == (2, "") and len(err.splitlines()) == 1 and "gone does not exist" in err
    assert not list(tmp_path.iterdir())
