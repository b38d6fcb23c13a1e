"""Streams that are closed, full, or left by their reader: one sentence or none, and the right exit status."""

import io
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from helpers import forked

from inception_hub import bundle
from inception_hub.cli import streams
from inception_hub.errors import OutputError
from inception_hub.labels import Labels

OPTIONS = ("-X", "dev", "-W", "ignore")  # complains as Python 3.13 does in any mode
PROGRAM = f"{sys.executable} {' '.join(OPTIONS)} -m inception_hub"
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


def into(
    output: int, command: str, photos: Path, module: Path, read: Callable[[], object]
) -> tuple[int, str]:
    """Exit status and standard error of a verb that writes to a file descriptor; `read` while it runs."""
    words = command.replace("PHOTO", str(photos / "0.png")).replace("MODULE", str(module)).split()
    with tempfile.TemporaryFile() as err, open(os.devnull, "rb") as nothing:
        wait = forked.start((nothing.fileno(), output, err.fileno()), *words, options=OPTIONS, whole=True)
        os.close(output)
        read()
        status = wait()
        err.seek(0)
        told = err.read().decode()
    assert "Traceback" not in told and "Exception" not in told
    return status, told.replace(f"Answering with {module.name}.\n", "")


@pytest.mark.parametrize("verb", VERBS)
def test_standard_output(verb: str, photos: Path, small_module: Path) -> None:
    full = os.open("/dev/full", os.O_WRONLY)
    assert into(full, VERBS[verb], photos, small_module, lambda: None) == (2, FULL)
    reader, writer = os.pipe()
    with open(reader, "rb", buffering=0) as pipe:

        def leave() -> None:
            assert len(pipe.read(1)) == 1
            pipe.close()

        assert into(writer, VERBS[verb], photos, small_module, leave) == (0, "")


@pytest.mark.parametrize(
    "verb",
    [verb if verb in ("--help", "classify --format csv") else pytest.param(verb, marks=pytest.mark.slow)
     for verb in VERBS],
)  # fmt: skip
def test_standard_output_that_is_closed(verb: str, photos: Path, small_module: Path) -> None:
    assert shell(f"{VERBS[verb]} >&-", photos, small_module) == (2, "", CLOSED)


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


@pytest.fixture
def module_of_all_scripts(small_module: Path, tmp_path: Path) -> Path:
    """A module whose name and classes no code page holds all of."""
    made = bundle.read(small_module)
    labels = Labels(("\xd6l", "\u732b", "\U0001f431", *"abcdefg"), (None,) * 10)
    bundle.write(replace(made, name="\xd6l \u732b", labels=labels), tmp_path / "scripts")
    return tmp_path / "scripts"


@pytest.mark.parametrize("encoding", ["cp437", "ascii"])
@pytest.mark.parametrize(
    ("command", "status"),
    [("classify PHOTO --format jsonl --module MODULE", 0), ("info MODULE", 0), ("info nowhere-\u732b", 2)],
)
def test_what_a_code_page_lacks_is_escaped(
    command: str, status: int, encoding: str, photos: Path, module_of_all_scripts: Path
) -> None:
    given = command.replace("PHOTO", str(photos / "0.png")).replace("MODULE", str(module_of_all_scripts))
    done = subprocess.run(
        [sys.executable, "-m", "inception_hub", *given.split()],
        capture_output=True,
        env=os.environ | {"PYTHONIOENCODING": encoding},
        check=False,
    )
    assert done.returncode == status and "\\u732b" in (done.stdout + done.stderr).decode(encoding, "replace")
    if "jsonl" in command:  # for programs, so UTF-8 all the same
        assert json.loads(done.stdout)["module"] == "\xd6l \u732b"


def test_what_a_program_or_a_file_gets_is_utf_8(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    of_the_system = io.TextIOWrapper(io.BytesIO(), "cp437")

    def encoding(raw: io.FileIO, before: object) -> str:
        with streams._text(raw, before) as text:
            return text.encoding

    monkeypatch.delenv("PYTHONIOENCODING", raising=False)
    assert encoding(io.FileIO(tmp_path / "file", "w"), of_the_system) == "utf-8"
    assert encoding(io.FileIO(tmp_path / "file", "w"), None) == "utf-8"
    assert encoding(io.FileIO(2, "w", closefd=False), of_the_system) == "cp437"
    monkeypatch.setenv("PYTHONIOENCODING", "cp437")
    assert encoding(io.FileIO(tmp_path / "file", "w"), of_the_system) == "cp437"


class Console(io.TextIOWrapper):
    """As Python opens one on Windows: all of Unicode, whatever the code page is."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("windows", [True, False])
def test_a_console_of_windows_keeps_its_own_way(windows: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "WINDOWS", windows)
    shown = io.BytesIO()
    console = Console(shown, "utf-8")
    with open(os.devnull, "wb", buffering=0) as raw:
        prepared = streams._prepared(console, console, raw)
        assert (prepared is console) == windows
        print("\u732b \udcff", file=prepared, flush=True)
    assert shown.getvalue() == (b"\xe7\x8c\xab \\udcff\n" if windows else b"")


@pytest.mark.skipif(not hasattr(os, "eventfd"), reason="it takes eight bytes and nothing else")
def test_a_pipe_without_a_reader_may_be_an_invalid_argument(monkeypatch: pytest.MonkeyPatch) -> None:
    descriptor = os.eventfd(0)
    for windows, expected in ((True, BrokenPipeError), (False, OutputError)):
        monkeypatch.setattr(streams, "WINDOWS", windows)
        with streams._Output(descriptor, "w", closefd=False) as output, pytest.raises(expected):
            output.write(b"123")
    os.close(descriptor)
