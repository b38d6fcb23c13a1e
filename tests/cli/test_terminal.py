"""A run as the terminal shows it: lines where it is no terminal, a bar that disappears where it is one."""

import sys

import pytest

from inception_hub.cli.terminal import TerminalListener, terminal_listener
from inception_hub.evaluation import Epoch, Score


def test_without_a_terminal_there_are_lines_alone(capsys: pytest.CaptureFixture[str]) -> None:
    with terminal_listener() as listener:
        listener.note("train: 27 photos")
        listener.progress("decoding", 1, 27)
        listener.epoch(Epoch("head", 1, 1.5, Score(1.4, 0.5, 20), 1e-3, 99.6, 0.0))
        listener.epoch(Epoch("training", 2, 1.25, None, 1e-3, 50.0, 0.0))
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines() == [
        "train: 27 photos",
        "epoch 1: loss 1.500, validation loss 1.400, top-1 50.0% (29.9% to 70.1%), 100 photos a second",
        "epoch 2: loss 1.250, 50 photos a second",
    ]


def test_on_a_terminal_tasks_are_a_bar(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm")
    listener = TerminalListener()
    listener.open()
    try:
        listener.progress("decoding", 3, 27)
        (task,) = listener._bar.tasks
        assert (task.description, task.completed, task.total) == ("decoding", 3, 27)
        listener.progress("training", 1, 6)
        (task,) = listener._bar.tasks
        assert (task.description, task.completed, task.total) == ("training", 1, 6)
        listener.note("[bold] is no markup")
    finally:
        listener.close()
    assert "[bold] is no markup" in capsys.readouterr().err
