"""The command line on a terminal of its own."""

import fcntl
import os
import pty
import re
import struct
import subprocess
import termios

from helpers import forked


def on_terminal(
    *arguments: object,
    columns: int = 80,
    kind: str = "dumb",
    program: tuple[str, ...] = (),
    imported: tuple[str, ...] = forked.ANSWERING,
) -> tuple[int, str]:
    """Exit status, and what a terminal of so many columns and of this `TERM`, without colours, is sent.

    `program`: run in place of the command; `imported`: what the command finds imported.
    """
    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    environment = {**os.environ, "TERM": kind, "COLUMNS": str(columns), "NO_COLOR": "1"}
    with open(os.devnull, "rb") as nothing:
        streams = (nothing.fileno(), follower, follower)
        if program:
            command = [*program, *map(str, arguments)]
            wait = subprocess.Popen(
                command, stdin=nothing, stdout=follower, stderr=follower, env=environment
            ).wait
        else:
            wait = forked.start(streams, *arguments, imported=imported, environment=environment)
    os.close(follower)
    shown = b""
    try:
        while chunk := os.read(leader, 1 << 16):
            shown += chunk
    except OSError:  # what Linux has for the end
        pass
    os.close(leader)
    return wait(), shown.decode()


def lines_of(shown: str) -> list[str]:
    """The lines that stay on a terminal, without escape sequences and bars."""
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown)
    lines = [line.rstrip() for line in re.split(r"[\r\n]+", plain)]
    return [line for line in lines if line and "\N{BOX DRAWINGS HEAVY HORIZONTAL}" not in line]
