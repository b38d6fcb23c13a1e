"""Wrong usage as one sentence, without the words of the libraries that found it."""

from pathlib import Path

import pytest
from helpers.command import run
from helpers.dataset_photos import png

WRONG = {
    "classify x --top q": "--top is 'q'; give a whole number; see inception-hub classify --help.",
    "classify x --top 1.5": "--top is '1.5'; give a whole number; see inception-hub classify --help.",
    "explain x --output o --top 21": "--top is '21'; give 20 or less; see inception-hub explain --help.",
    "bench --seconds soon": "--seconds is 'soon'; give a number; see inception-hub bench --help.",
    "bench --seconds 0": "--seconds is '0'; give 0.01 or more; see inception-hub bench --help.",
    "embed x --format xml": (
        "--format is 'xml'; give jsonl, csv, parquet, npy or npz; see inception-hub embed --help."
    ),
    "cache rm": "Missing argument 'KEY'; see inception-hub cache rm --help.",
    "cache find": "No such command 'find'; see inception-hub cache --help.",
    "clasify x": "No such command 'clasify'; did you mean 'classify'? See inception-hub --help.",
    "classify -rf.jpg": (
        "No such option: -r; a path that begins with - is given as ./-NAME; see inception-hub classify "
        "--help."
    ),
    "--nothing": "No such option: --nothing; see inception-hub --help.",
}


@pytest.mark.parametrize("command", WRONG)
def test_the_value_what_is_accepted_and_the_verbs_own_help(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(capsys, *command.split()) == (2, "", f"inception-hub: {WRONG[command]}\n")


def test_a_long_or_hostile_value_stays_short(capsys: pytest.CaptureFixture[str]) -> None:
    _, _, err = run(capsys, "classify", "x", "--top", "\x1b[2J" * 100)
    assert err.isprintable() or err[:-1].isprintable()
    assert len(err) < 400 and "give a whole number" in err


def test_a_path_is_told_with_its_blanks(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "classify", "two  blanks*.jpg")[2].startswith("inception-hub: two  blanks*.jpg: this")


def test_a_size_says_what_a_size_is(capsys: pytest.CaptureFixture[str]) -> None:
    _, _, err = run(capsys, "export", "tiny_imagenet", "o", "--to", "onnx", "--size", "9")
    assert err.startswith("inception-hub: --size is '9'; give height x width in pixels")


def test_a_variable_stands_in_for_an_option_that_is_not_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    photo = tmp_path / "photo.png"
    photo.write_bytes(png(0))
    monkeypatch.setenv("INCEPTION_HUB_CLASSIFY_FORMAT", "csv")
    monkeypatch.setenv("INCEPTION_HUB_CLASSIFY_TOP", "2")
    monkeypatch.setenv("INCEPTION_HUB_EMBED_FORMAT", "xml")  # of another verb
    assert len(run(capsys, "classify", photo)[1].splitlines()) == 1 + 2
    assert len(run(capsys, "classify", photo, "--top", 3)[1].splitlines()) == 1 + 3


def test_a_wrong_value_of_a_variable_names_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("INCEPTION_HUB_BENCH_SECONDS", "soon")
    expected = "INCEPTION_HUB_BENCH_SECONDS is 'soon'; give a number; see inception-hub bench --help."
    assert run(capsys, "bench") == (2, "", f"inception-hub: {expected}\n")
    monkeypatch.setenv("INCEPTION_HUB_INFO_JSON", "maybe")
    expected = "INCEPTION_HUB_INFO_JSON is 'maybe'; give true or false; see inception-hub info --help."
    assert run(capsys, "info", "tiny_imagenet") == (2, "", f"inception-hub: {expected}\n")
