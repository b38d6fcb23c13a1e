"""`finetune` on the command line: choices and ranges; what it makes: tests/training/test_finetune.py."""

from pathlib import Path

import pytest
from helpers.command import run


@pytest.mark.parametrize(
    "option, value, message",
    [
        ("--phases", "tail", "'tail' is not one of 'both', 'head', 'full'"),
        ("--batch-norm", "off", "'off' is not one of 'update', 'frozen'"),
        ("--precision", "f16", "'f16' is not one of 'f32', 'bf16'"),
        ("--batch-size", "1", "2"),
        ("--image-size", "31", "32"),
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
