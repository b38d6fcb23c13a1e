"""What `finetune`, `train` and `evaluate` share: teachers, Ctrl-C, lines about a module."""

import re
from pathlib import Path

import numpy as np
import pytest
from helpers.command import run

from inception_hub.cli.training_options import accuracy_line, interruptible_run, print_module, resolved
from inception_hub.evaluation import Evaluation
from inception_hub.labels import Labels
from inception_hub.training.distillation import Distillation

EVALUATION = Evaluation(
    "letters",
    "noise test",
    Labels(("a", "b"), (None, None)),
    np.array([0, 1]),
    np.array([[0.9, 0.1], [0.8, 0.2]], np.float32),
    ["0.png", "1.png"],
)


def test_teachers_are_resolved(small_module: Path) -> None:
    assert resolved(None) == resolved([]) == []
    assert resolved([str(small_module), str(small_module)]) == [small_module, small_module]


@pytest.mark.parametrize("verb", ["finetune", "train"])
def test_the_defaults_of_the_help_are_those_of_a_distillation(
    capsys: pytest.CaptureFixture[str], verb: str
) -> None:
    _, out, _ = run(capsys, verb, "--help")
    share, temperature = re.findall(r"\[default:\s+([0-9.]+)\]", out[out.index("--teacher-share") :])[:2]
    assert Distillation(("one",)) == Distillation(("one",), float(share), float(temperature))


def test_an_interrupted_run_says_how_it_is_resumed(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(KeyboardInterrupt), interruptible_run() as listener:
        listener.note("begun")
        raise KeyboardInterrupt
    assert capsys.readouterr().err == "begun\nInterrupted; the same command continues from the last save.\n"


def test_a_written_module_is_two_lines_after_its_accuracy(capsys: pytest.CaptureFixture[str]) -> None:
    line = accuracy_line(EVALUATION)
    assert line == f"letters: top-1 50.00%, top-5 100.00%, ECE {EVALUATION.ece:.3f} on 2 photos of noise test"
    print_module(Path("letters"), [EVALUATION])
    assert capsys.readouterr().out == f"{line}\nModule: letters\nReport: letters/report.html\n"
    print_module(Path("letters"), [])
    assert capsys.readouterr().out == "", "of a process beside the main one"
