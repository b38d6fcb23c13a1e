"""`organise` on the command line: a line for each photo, a summary, and the way back."""

import os
import signal
from pathlib import Path

import pytest
from helpers.command import run
from helpers.organised import tree

from inception_hub.cli import photo_run

UNSURE = ("--least", "1")


def test_planned_done_and_undone(
    photos: Path, small_module: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before, into = tree(tmp_path), tmp_path / "sorted photos"
    command = ("organise", photos, "--into", into, "--module", small_module, *UNSURE)
    code, planned, err = run(capsys, *command, "--dry-run")
    assert code == 0 and tree(tmp_path) == before
    assert err == f"Answering with small.\n3 photos would be copied into {into}, 3 of them unsure.\n"
    code, out, err = run(capsys, *command)
    assert (code, out) == (0, planned) and f"{photos / '0.png'} -> {into / 'unsure' / '0.png'}  " in out
    assert f"3 photos copied into {into}, 3 of them unsure.\n" in err
    assert err.endswith(f"To take it back: inception-hub organise --undo '{into}'\n")
    code, out, err = run(capsys, *command)
    assert (code, out) == (0, "") and "0 photos copied" in err and "; 3 are there already." in err
    code, out, err = run(capsys, "organise", "--undo", into)
    assert (code, err) == (0, "3 photos taken back.\n") and tree(tmp_path) == before
    assert out.splitlines() == [str(photos / f"{number}.png") for number in range(3)]


def test_what_is_left_alone_is_named(
    photos: Path, small_module: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    into = tmp_path / "sorted"
    (photos / "bad.jpg").write_bytes(b"no photo")
    (photos / "film.mov").touch()
    command = ("organise", photos, "--into", into, "--module", small_module, "--how", "move", *UNSURE)
    code, out, err = run(capsys, *command)
    assert code == 1 and len(out.splitlines()) == 3
    assert "1 photo left alone:\n  " in err and "bad.jpg is no readable image" in err and "1 .mov." in err
    (into / "unsure" / "1.png").write_bytes(b"edited")
    code, _, err = run(capsys, "organise", "--undo", into)
    assert code == 1 and "2 photos taken back.\n1 photo left alone:\n  " in err and "was changed since" in err
    code, _, err = run(capsys, "organise", "--undo", into)
    assert code == 2 and err.startswith("0 photos taken back.\n")
    code, _, err = run(
        capsys, "organise", photos / "bad.jpg", "--into", tmp_path / "new", "--module", small_module
    )
    assert code == 2, "nothing could be done"


@pytest.mark.parametrize(
    "words, sentence",
    [
        ("", "Give INPUT... and --into FOLDER, or --undo FOLDER"),
        ("x.jpg", "Give INPUT... and --into FOLDER, or --undo FOLDER"),
        ("--into sorted", "Give INPUT... and --into FOLDER, or --undo FOLDER"),
        ("x.jpg --undo sorted", "--undo FOLDER is given alone; leave out INPUT... and --into"),
        ("--into x --undo sorted", "--undo FOLDER is given alone; leave out INPUT... and --into"),
        ("x.jpg --into y --how erase", "--how is 'erase'; give copy, link or move"),
        ("x.jpg --into y --least 2", "--least is '2'; give 1.0 or less"),
    ],
)
def test_wrong_usage(words: str, sentence: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "organise", *words.split())
    assert (code, out, err) == (2, "", f"inception-hub: {sentence}; see inception-hub organise --help.\n")


def test_a_signal_lets_the_photo_at_hand_be_placed_and_no_other(
    photos: Path,
    small_module: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for number in range(3, 60):
        os.link(photos / "0.png", photos / f"{number}.png")
    entered = photo_run.StopSignals.__enter__

    def interrupted(signals: photo_run.StopSignals) -> photo_run.StopSignals:
        entered(signals)
        os.kill(os.getpid(), signal.SIGTERM)
        return signals

    command = ("organise", photos, "--into", tmp_path / "sorted", "--module", small_module, "--how", "move")
    monkeypatch.setattr(photo_run.StopSignals, "__enter__", interrupted)
    code, out, err = run(capsys, *command)
    assert (code, out) == (143, "") and err.endswith("Stopped; the same command continues.\n")
    monkeypatch.undo()
    code, out, _ = run(capsys, *command)
    assert code == 0 and len(out.splitlines()) == 60
