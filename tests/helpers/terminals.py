"""The command line on a terminal of its own."""

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios

PROGRAM = (sys.executable, "-m", "inception_hub")


def on_terminal(
    *arguments: object, columns: int = 80, kind: str = "dumb", program: tuple[str, ...] = PROGRAM
) -> tuple[int, str]:
    """Exit status, and what a terminal of so many columns and of this `TERM`, without colours, is sent."""
    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    command = [*program, *map(str, arguments)]
    environment = {**os.environ, "TERM": kind, "COLUMNS": str(columns), "NO_COLOR": "1"}
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=follower, stderr=follower, env=environment
    )
    os.close(follower)
    shown = b""
    try:
        while chunk := os.read(leader, 1 << 16):
            shown += chunk
    except OSError:  # what Linux has for the end
        pass
    os.close(leader)
    return process.wait(), shown.decode()


def lines_of(shown: str) -> list[str]:
    """The lines that stay on a terminal, without escape sequences and bars."""
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown)
    lines = [line.rstrip() for line in re.split(r"[\r\n]+", plain)]
    return [line for line in lines if line and "\N{BOX DRAWINGS HEAVY HORIZONTAL}" not in line]
