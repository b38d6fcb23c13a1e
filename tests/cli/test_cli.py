"""The command line as a user meets it: rows on standard output, one line for every mistake, exit status."""

import subprocess
import sys
from pathlib import Path

import pytest
from helpers.command import run

MISTAKES = [
    (["classify"], "Missing argument 'INPUT...'"),
    (["classify", "x.jpg", "--tpo", "3"], "No such option: --tpo"),
    (["classify", "x.jpg", "--top", "0"], "Invalid value for '--top'"),
    (["classify", "x.jpg", "--format", "xml"], "Invalid value for '--format'"),
    (["clasify", "x.jpg"], "No such command 'clasify'"),
    (["classify", "x.jpg", "--module", "imgenet"], "'imgenet' does not exist (did you mean imagenet?)"),
    (["classify", "x.jpg", "--module", "https://tfhub.dev/google/nnlm/1"], "tfhub.dev is gone"),
    (["classify", "EMPTY", "--module", "MODULE"], "this folder holds no photo"),
    (["classify", "EMPTY/*.jpg", "--module", "MODULE"], "this pattern matches no photo"),
    (["classify", "MODULE/labels.txt", "--module", "MODULE"], "labels.txt is no readable image"),
    (["embed", "x.jpg", "--engine", "openvino", "--device", "cuda"], "only the torch engine takes one"),
    (["info", "nowhere"], "nowhere' does not exist"),
    (["convert", "MODULE", "EMPTY"], "already exists and is left as it is"),
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


FULL = pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
VERBS = [["info", "MODULE"], ["info", "MODULE", "--json"], ["--help"]]


@FULL
@pytest.mark.parametrize("arguments", VERBS)
def test_a_full_disk_behind_standard_output_is_one_line(arguments: list[str], small_module: Path) -> None:
    given = [str(small_module) if argument == "MODULE" else argument for argument in arguments]
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "inception_hub", *given], stdout=full, stderr=subprocess.PIPE, check=False
        )
    assert done.returncode == 2
    sentence = "inception-hub: Standard output cannot be written (No space left on device); make room or "
    assert done.stderr.decode() == sentence + "write elsewhere.\n"


@FULL
def test_a_full_disk_behind_standard_error_costs_the_messages_only(small_module: Path) -> None:
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "inception_hub", "classify", "gone.jpg", "--module", str(small_module)],
            stdout=subprocess.PIPE,
            stderr=full,
            check=False,
        )
    assert done.returncode == 2 and b"gone.jpg" in done.stdout


def test_a_reader_that_leaves_early_is_no_error(small_module: Path) -> None:
    command = [sys.executable, "-m", "inception_hub", "info", str(small_module)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout and process.stderr
        process.stdout.close()
        assert process.stderr.read() == b""
