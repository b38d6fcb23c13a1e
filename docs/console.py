"""Runs the console blocks of a page in one shell, in order, and puts what they print below each command.

    python docs/console.py PAGE

rewrites PAGE. The shell stands in a folder of its own, beside a link to the repository's `recipes/`.
"""

import os
import pty
import re
import signal
import socket
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BLOCK = re.compile(r"```console\n(.*?)```", re.DOTALL)
COMMAND = re.compile(r"^\$ (.+)$", re.MULTILINE)
PORT = "8000"  # which a page's server takes; another one that is free stands in for it
PROGRESS = re.compile(
    r"^[\u2801-\u28ff] .*\n+", re.MULTILINE
)  # the last state of a progress bar: it has a rate
MARK = "\x1d"  # printed before each command
SHELL = f"""
inception-hub() {{ {sys.executable} -m inception_hub "$@"; }}
python() {{ {sys.executable} "$@"; }}
"""


def commands(text: str) -> list[str]:
    """The commands of all console blocks of a page."""
    return [command for block in BLOCK.findall(text) for command in COMMAND.findall(block)]


def printed(lines: list[str], folder: Path) -> list[str]:
    """What each of `lines` prints on both streams, run in one bash in `folder`; a terminal of 80 columns."""
    (folder / "recipes").symlink_to(ROOT / "recipes")
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = str(listener.getsockname()[1])
    script = SHELL + "".join(f"printf '{MARK}'\n{line.replace(PORT, port)}\n" for line in lines)
    environment = os.environ | {
        "COLUMNS": "80",
        "NO_COLOR": "1",
        "INCEPTION_HUB_CACHE": str(folder / ".cache"),
    }
    # A terminal shows what goes to both streams in order; a dumb one, without progress bars.
    terminal, end = pty.openpty()
    shell = subprocess.Popen(
        ["bash", "-c", script],
        cwd=folder,
        env=environment | {"TERM": "dumb"},
        stdin=subprocess.DEVNULL,
        stdout=end,
        stderr=end,
        start_new_session=True,
    )
    os.close(end)
    output = b""
    with suppress(OSError):  # the other end is closed
        while part := os.read(terminal, 1 << 16):
            output += part
    os.close(terminal)
    with suppress(ProcessLookupError):
        os.killpg(shell.pid, signal.SIGTERM)  # a server that a page left running
    shell.wait()
    output = PROGRESS.sub("", output.decode().replace("\r\n", "\n"))
    parts = output.replace(port, PORT).split(MARK)[1:]
    return ["\n".join(line.rstrip() for line in part.strip("\n").splitlines()) for part in parts]


def with_output(text: str, outputs: list[str]) -> str:
    """`text` with `outputs`, of each command in turn, below the commands of its console blocks."""
    remaining = iter(outputs)

    def block(match: re.Match[str]) -> str:
        parts = [
            f"$ {command}\n{output}\n" if (output := next(remaining)) else f"$ {command}\n"
            for command in COMMAND.findall(match[1])
        ]
        return f"```console\n{''.join(parts)}```"

    return BLOCK.sub(block, text)


def main() -> None:
    page = Path(sys.argv[1])
    text = page.read_text("utf-8")
    with tempfile.TemporaryDirectory() as folder:
        page.write_text(with_output(text, printed(commands(text), Path(folder))), "utf-8")


if __name__ == "__main__":
    main()
