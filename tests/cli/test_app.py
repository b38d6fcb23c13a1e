"""The command line as a user meets it: rows on standard output, one line for every mistake, exit status."""

import errno
import os
from pathlib import Path

import pytest
from helpers.command import run

from inception_hub import __version__
from inception_hub.cli import main
from inception_hub.cli.app import VERBS
from inception_hub.sources.cache import Cache

MISTAKES = [
    (["classify"], "Missing argument 'INPUT...'"),
    (["classify", "x.jpg", "--tpo", "3"], "No such option: --tpo"),
    (["classify", "x.jpg", "--top", "0"], "--top is '0'; give 1 or more"),
    (["classify", "x.jpg", "--format", "xml"], "--format is 'xml'; give table, jsonl, csv or parquet"),
    (["classify", "x.jpg", "-o", "x.txt"], "x.txt ends in .txt, which names no format"),
    (
        ["embed", "x.jpg", "--output", "x.csv", "--format", "jsonl"],
        "x.csv ends in .csv and --format is jsonl",
    ),
    (
        ["classify", "https://a.b/c.jpg", "--module", "MODULE"],
        "is an address; download the photo, and give its",
    ),
    (["clasify", "x.jpg"], "No such command 'clasify'"),
    (["classify", "x.jpg", "--module", "imgenet"], "'imgenet' does not exist (did you mean imagenet?)"),
    (["classify", "x.jpg", "--module", "https://tfhub.dev/google/nnlm/1"], "tfhub.dev is gone"),
    (["classify", "EMPTY", "--module", "MODULE"], "this folder holds no photo"),
    (["classify", "EMPTY/*.jpg", "--module", "MODULE"], "this pattern matches no photo"),
    (["classify", "MODULE/labels.txt", "--module", "MODULE"], "labels.txt is no readable image"),
    (["embed", "x.jpg", "--engine", "openvino", "--device", "cuda"], "which is PyTorch's; leave out engine"),
    (["info", "nowhere"], "nowhere' does not exist"),
    (["convert", "MODULE", "EMPTY"], "exists and is left as it is"),
    (["convert", "MODULE/labels.txt", "EMPTY/new"], "labels.txt"),
    (["train", "fancy", "EMPTY", "--output", "EMPTY/out"], "There is no recipe 'fancy'; give tiny-imagenet"),
    (["train", "tiny-imagenet", "EMPTY", "--output", "EMPTY/out"], "holds no images that can be used"),
]


@pytest.mark.parametrize(
    "arguments, message", MISTAKES, ids=lambda value: " ".join(value) if isinstance(value, list) else ""
)
def test_a_mistake_is_one_line(
    capsys: pytest.CaptureFixture[str], small_module: Path, tmp_path: Path, arguments: list[str], message: str
) -> None:
    places = {"MODULE": str(small_module), "EMPTY": str(tmp_path)}
    for name, place in places.items():
        arguments = [argument.replace(name, place) for argument in arguments]
    code, out, err = run(capsys, *arguments)
    assert code == 2
    lines = [line for line in err.splitlines() if not line.startswith("Answering with")]
    assert message in " ".join(lines)
    if "could not be read" not in err:
        assert len(lines) == 1 and out == ""


def test_nothing_asked_for_is_help(capsys: pytest.CaptureFixture[str]) -> None:
    for command, first in ((), "classify"), (("cache",), "verify"):
        code, out, err = run(capsys, *command)
        assert (code, err) == (0, "")
        assert out.startswith(f"Usage: inception-hub {' '.join(command)}") and f"  {first}  " in out
        assert run(capsys, *command, "-h") == run(capsys, *command, "--help") == (0, out, "")


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "--version") == (0, f"inception-hub {__version__}\n", "")


def test_every_help_ends_with_a_command_to_try(capsys: pytest.CaptureFixture[str]) -> None:
    for verb, example in VERBS:
        _, out, _ = run(capsys, verb.__name__, "--help")
        assert " ".join(out.split()).endswith(f"Example: {example}")
        assert example.startswith(f"inception-hub {verb.__name__} ")


def test_a_disk_that_others_find_full(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(number: int) -> None:
        raise OSError(number, os.strerror(number), "a/b")

    monkeypatch.setattr(Cache, "gc", lambda cache: fail(errno.ENOSPC))
    sentence = (
        "inception-hub: a/b cannot be written (No space left on device); make room or write elsewhere.\n"
    )
    assert run(capsys, "cache", "gc") == (2, "", sentence)
    monkeypatch.setattr(Cache, "gc", lambda cache: fail(errno.EBADF))
    with pytest.raises(OSError, match="Bad file descriptor"):
        main(["cache", "gc"])
