"""`finetune` on the command line: choices and ranges; what it makes: tests/training/test_finetune.py."""

import inspect
from dataclasses import fields
from pathlib import Path

import pytest
from helpers.command import run

from inception_hub.cli.finetune import finetune
from inception_hub.training.finetune_options import FinetuneOptions


@pytest.mark.parametrize(
    "option, value, message",
    [
        ("--phases", "tail", "--phases is 'tail'; give both, head or full"),
        ("--batch-norm", "off", "--batch-norm is 'off'; give update or frozen"),
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
    assert len(shared) == 12
    for each in shared:
        assert parameters[each.name].default == each.default, each.name
    assert (parameters["precision"].default == "bf16") is FinetuneOptions.bfloat16
