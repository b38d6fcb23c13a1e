"""What `finetune`, `train` and `evaluate` share: teachers, Ctrl-C, lines about a module."""

import re
from pathlib import Path

import numpy as np
import pytest
from helpers.command import run
from helpers.evaluations import evaluation

from inception_hub.cli.training_options import accuracy_lines, interruptible_run, print_module, resolved
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
    lines = accuracy_lines(EVALUATION)
    assert lines == [
        "letters on 2 photos of noise test",
        "  top-1 50.00%, 95% interval 9.5% to 90.5%",
        f"  ECE {EVALUATION.ece:.3f}",
    ]
    print_module(Path("letters"), [EVALUATION])
    assert capsys.readouterr().out.splitlines() == [
        *lines,
        "Module: letters",
        "Report: letters/report.html",
    ]
    print_module(Path("letters"), [])
    assert capsys.readouterr().out == "", "of a process beside the main one"


def test_top_5_is_shown_of_more_than_five_classes() -> None:
    lines = accuracy_lines(evaluation(60, 6))
    assert re.fullmatch(r"  top-5 [0-9.]+%, 95% interval [0-9.]+% to [0-9.]+%", lines[2])
    assert [line.split()[0] for line in accuracy_lines(evaluation(60, 5))] == ["tiny", "top-1", "ECE"]
