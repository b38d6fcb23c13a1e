"""`quantize` on the command line: what is refused; what it makes: tests/quantization."""

import inspect
from pathlib import Path

import pytest
from helpers.command import run

from inception_hub.cli.quantize import quantize as verb
from inception_hub.quantization.quantization import quantize


@pytest.mark.parametrize("option, value", [("--max-drop", "-1"), ("--min-agreement", "101")])
def test_numbers_out_of_range_are_refused(
    capsys: pytest.CaptureFixture[str], small_module: Path, tmp_path: Path, option: str, value: str
) -> None:
    command = ("quantize", small_module, "--calibrate", tmp_path)
    code, out, err = run(capsys, *command, option, value)
    assert (code, out) == (2, "") and option in err and len(err.splitlines()) == 1


def test_photos_to_calibrate_with_are_needed(capsys: pytest.CaptureFixture[str], small_module: Path) -> None:
    code, out, err = run(capsys, "quantize", small_module)
    assert (code, out) == (2, "") and "--calibrate" in err


def test_defaults_are_those_of_the_function() -> None:
    """The verb writes them again, so that the command line starts without quantization's modules."""
    asked, taken = inspect.signature(verb).parameters, inspect.signature(quantize).parameters
    for name in ("max_drop", "min_agreement"):
        assert asked[name].default == taken[name].default
