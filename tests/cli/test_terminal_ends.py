"""How the command ends on a terminal: Ctrl-C while it imports, streams that are closed."""

import os
import pty
import shlex
import signal
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from helpers.terminals import lines_of, on_terminal


@pytest.mark.parametrize("reached", ["inception_hub.cli.app", "inception_hub.images.decode"])
def test_ctrl_c_while_it_still_imports(reached: str, photos: Path) -> None:
    """Typed as soon as Python's list of imports, on the same terminal, shows `reached`."""
    process, leader = pty.fork()
    if not process:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # who runs the tests in the background ignores it
        command = [sys.executable, "-X", "importtime", "-m", "inception_hub", "classify", str(photos)]
        os.execv(sys.executable, command)
    shown, typed = b"", False
    with suppress(OSError):  # what Linux has for the end
        while chunk := os.read(leader, 1 << 16):
            shown += chunk
            if not typed and reached.encode() in shown:
                os.write(leader, b"\x03")
                typed = True
    status = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
    os.close(leader)
    told = [line for line in lines_of(shown.decode()) if "import time:" not in line]
    assert typed and status in (130, -signal.SIGINT) and "".join(told).strip() in ("", "^C")


def test_closed_streams_end_in_a_sentence_or_quietly(photos: Path, small_module: Path) -> None:
    given = (
        sys.executable,
        "-m",
        "inception_hub",
        "classify",
        photos,
        "--module",
        small_module,
        "--format",
        "csv",
    )
    words = " ".join(map(shlex.quote, map(str, given)))
    for closed in (">&-", "<&-"):
        status, shown = on_terminal("-c", f"{words} {closed}", columns=60, program=("sh",))
        assert "Traceback" not in shown and (status == 0) == (closed == "<&-"), shown
        assert closed == "<&-" or len(lines_of(shown)) <= 2
