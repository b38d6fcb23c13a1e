"""The command line on a terminal of its own."""

import os
import pty
import subprocess
import sys


def on_terminal(*arguments: object, columns: int = 80, kind: str = "dumb") -> tuple[int, str]:
    """Exit status, and what a terminal of so many columns and of this `TERM`, without colours, is sent."""
    leader, follower = pty.openpty()
    command = [sys.executable, "-m", "inception_hub", *map(str, arguments)]
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
