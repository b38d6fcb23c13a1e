"""Streams that are closed, full, or left by their reader: one sentence or none, and the right exit status."""

import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = f"{sys.executable} -m inception_hub"
CLOSED = (
    "inception-hub: Standard output cannot be written (Bad file descriptor); make room or write elsewhere.\n"
)
FULL = CLOSED.replace("Bad file descriptor", "No space left on device")
VERBS = {
    "--help": "--help",
    "info": "info MODULE",
    "info --json": "info MODULE --json",
    "classify": "classify PHOTO --module MODULE",
    "classify --format csv": "classify PHOTO --module MODULE --format csv",
    "embed": "embed PHOTO --module MODULE",
}


def shell(command: str, photos: Path, module: Path) -> tuple[int, str, str]:
    """Exit status, standard output and standard error of `inception-hub` with the shell's redirections."""
    command = command.replace("PHOTO", str(photos / "0.png")).replace("MODULE", str(module))
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", f"{PROGRAM} {command}"],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
    )
    assert "Traceback" not in done.stderr and "Exception" not in done.stderr
    return done.returncode, done.stdout, done.stderr.replace(f"Answering with {module.name}.\n", "")


@pytest.mark.parametrize("verb", VERBS)
def test_standard_output(verb: str, photos: Path, small_module: Path) -> None:
    assert shell(f"{VERBS[verb]} >&-", photos, small_module) == (2, "", CLOSED)
    assert shell(f"{VERBS[verb]} > /dev/full", photos, small_module) == (2, "", FULL)
    code, out, err = shell(f"{VERBS[verb]} | head -c 1", photos, small_module)
    assert (code, len(out), err) == (0, 1, "")


def test_standard_error_is_never_mixed_with_data(photos: Path, small_module: Path) -> None:
    verb = VERBS["classify --format csv"]
    _, right, _ = shell(verb, photos, small_module)
    for redirection in ("2>&-", "2> /dev/full"):
        assert shell(f"{verb} {redirection}", photos, small_module) == (0, right, "")
        assert shell(f"info nowhere {redirection}", photos, small_module) == (2, "", "")


def test_no_file_gets_the_number_of_a_closed_stream(photos: Path, small_module: Path, tmp_path: Path) -> None:
    """Else what libraries print would be written into it."""
    verb = f"{VERBS['embed']} --output {tmp_path}"
    assert shell(f"{verb}/right.jsonl", photos, small_module) == (0, "", "")
    assert shell(f"{verb}/closed.jsonl <&- >&- 2>&-", photos, small_module)[0] == 0
    assert (tmp_path / "closed.jsonl").read_bytes() == (tmp_path / "right.jsonl").read_bytes()


def test_standard_input_that_is_closed(photos: Path, small_module: Path) -> None:
    sentence = "Standard input cannot be read (Bad file descriptor); give a photo's path, or its bytes there."
    for verb in (
        "classify - --module MODULE",
        "embed - --module MODULE",
        "explain - --module MODULE --output x",
    ):
        assert shell(f"{verb} <&-", photos, small_module) == (2, "", f"inception-hub: {sentence}\n")
