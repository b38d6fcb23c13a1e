"""What differs from system to system is asked in few files; text has one encoding and line ending on all."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from helpers.floors import modules

CONSOLES = "cli.streams"  # beside `system/` the only file that may ask
# What some system has not: modules, what is in `os` and `signal`, and beginnings of paths.
MODULES = set("fcntl msvcrt resource termios tty pty pwd grp winreg posix nt".split())
NAMES = {
    "sys": "platform getwindowsversion",
    "os": "name uname fork forkpty kill killpg setsid wait waitpid nice umask getuid geteuid getgid getppid "
    "getloadavg chown chmod mkfifo statvfs sync sched_getaffinity sched_setaffinity O_DIRECTORY O_NOFOLLOW "
    "O_NONBLOCK O_BINARY link rename renames replace startfile supports_dir_fd get_terminal_size",
    "signal": "SIGKILL SIGHUP SIGPIPE SIGALRM SIGUSR1 SIGUSR2 SIGCHLD SIGQUIT alarm setitimer pause "
    "pthread_sigmask sigwait siginterrupt CTRL_C_EVENT SIGBREAK",
    "asyncio": "WindowsSelectorEventLoopPolicy WindowsProactorEventLoopPolicy",
    "time": "tzset",
}
PATHS = ("/proc/", "/dev/", "/tmp", "/sys/", "/etc/")
METHODS = {"add_signal_handler", "hardlink_to", "write_text"}  # `write_text` ends lines as the system does


def differing(tree: ast.AST) -> Iterator[str]:
    """What `tree` uses that is not the same on every system."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            named = [alias.name for alias in node.names]
            tops = {name.split(".")[0] for name in named} if isinstance(node, ast.Import) else {node.module}
            yield from tops & MODULES
            if isinstance(node, ast.ImportFrom) and not node.level:
                yield from set(NAMES.get(node.module or "", "").split()) & set(named)
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            if node.attr in NAMES.get(node.value.id, "").split():
                yield f"{node.value.id}.{node.attr}"
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.startswith(PATHS):
            yield node.value
        if isinstance(node, ast.Call):
            yield from differing_call(node)


def differing_call(call: ast.Call) -> Iterator[str]:
    """A method in `call` that open files hinder on some system, or text of the system's encoding."""
    function = call.func
    if isinstance(function, ast.Attribute) and function.attr in METHODS:
        yield function.attr
    if isinstance(function, ast.Attribute) and function.attr in ("rename", "replace") and len(call.args) == 1:
        if not call.keywords and ast.unparse(function) != "dataclasses.replace":
            yield f"{ast.unparse(function)} of one argument"
    if isinstance(function, ast.Name) and function.id == "open":
        yield from opened_text(call, 1)
    if isinstance(function, ast.Attribute) and function.attr in ("open", "fdopen"):
        if (
            function.attr == "fdopen"
            or is_mode(call, 0)
            or any(each.arg == "encoding" for each in call.keywords)
        ):
            yield from opened_text(call, int(function.attr == "fdopen"))
    if isinstance(function, ast.Attribute) and function.attr == "read_text" and not call.args:
        yield "read_text without an encoding"


def is_mode(call: ast.Call, place: int) -> bool:
    """Whether the argument at `place` is a mode of opening, such as `rb`."""
    mode = call.args[place] if len(call.args) > place else None
    return (
        isinstance(mode, ast.Constant) and isinstance(mode.value, str) and set(mode.value) <= set("rwxabt+")
    )


def opened_text(call: ast.Call, place: int) -> Iterator[str]:
    """What is missing where `call` opens text; the mode is its argument at `place`."""
    given = {keyword.arg: ast.unparse(keyword.value) for keyword in call.keywords}
    if len(call.args) > place and not is_mode(call, place):
        return  # in a variable: the run below sees it
    mode = ast.unparse(call.args[place]) if len(call.args) > place else given.get("mode", "'r'")
    if "b" in mode:
        return
    if "encoding" not in given:
        yield f"{ast.unparse(call)} without an encoding"
    if "r" not in mode and "newline" not in given:
        yield f"{ast.unparse(call)} without newline"


def test_what_differs_is_asked_in_few_files() -> None:
    for name, path in modules().items():
        tree = ast.parse(path.read_text("utf-8"))
        if not name.startswith("system.") and name != CONSOLES:
            assert not list(differing(tree)), name


@pytest.mark.parametrize(
    "line",
    [
        "import fcntl",
        "from pwd import getpwnam",
        "from os import fork",
        "os.sched_getaffinity(0)",
        "os.rename(a, b)",
        "path.replace(other)",
        "path.rename(other)",
        "sys.platform == 'win32'",
        "signal.signal(signal.SIGALRM, stop)",
        "Path('/proc/self/status')",
        "path.write_text(text, 'utf-8')",
        "path.read_text()",
        "open(path)",
        "open(path, 'w', encoding='utf-8')",
        "path.open('w', newline='')",
        "path.open('a', encoding='ascii')",
        "os.fdopen(descriptor, 'r')",
    ],
)
def test_what_would_differ_is_noticed(line: str) -> None:
    assert list(differing(ast.parse(line)))


@pytest.mark.parametrize(
    "line",
    [
        "import os",
        "text.replace('a', 'b')",
        "replace(value, name=1)",
        "open(path, 'rb')",
        "path.open('xb')",
        "path.open('w', encoding='utf-8', newline='')",
        "open(path, encoding='utf-8')",
        "tarfile.open(path)",
        "listener.open()",
        "file.read_text('utf-8')",
        "signal.signal(signal.SIGTERM, stop)",
    ],
)
def test_what_is_the_same_everywhere_is_not(line: str) -> None:
    assert not list(differing(ast.parse(line)))


RUN = """
import json, sys, warnings
warnings.filterwarnings("error", category=EncodingWarning, module="inception_hub")
from inception_hub.cli import main
for command in json.loads(sys.argv[1]):
    try:
        main(command)
    except SystemExit as end:
        assert end.code == 0, command
"""


@pytest.mark.slow  # ten commands
def test_no_text_is_of_the_system_s_encoding(tmp_path: Path, small_module: Path) -> None:
    """By Python's own warning, while the commands that write most kinds of files run."""
    import json

    import numpy as np
    from PIL import Image

    generator = np.random.default_rng(0)
    for name in ("Katze", "k\xe4tze"):
        (tmp_path / "data" / name).mkdir(parents=True)
        for number in range(4):
            pixels = generator.integers(0, 256, (40, 40, 3), np.uint8)
            Image.fromarray(pixels).save(tmp_path / "data" / name / f"{number}.png")
    module = ("--module", str(small_module))
    commands = [
        ["finetune", "data", *module, "--output", "made", "--phases", "head", "--epochs", "1"],
        ["evaluate", "made", "data", "--report", "report.html", "--json"],
        [
            "classify",
            "data",
            "--module",
            "made",
            "--output",
            "rows.csv",
            "--format",
            "csv",
            "--gallery",
            "g.html",
        ],
        ["embed", "data", "--module", "made", "--output", "vectors.npz"],
        ["inspect", "data", "--module", "made", "--report", "inspected.html", "--decisions", "decisions.csv"],
        ["similar", "data", "--duplicates", "--module", "made"],
        ["organise", "data", "--into", "sorted", "--module", "made"],
        ["export", "made", "served", "--to", "openvino", "--server", "triton"],
        ["convert", "made", "again"],
        ["settings"],
    ]
    done = subprocess.run(
        [sys.executable, "-X", "warn_default_encoding", "-c", RUN, json.dumps(commands)],
        cwd=tmp_path, capture_output=True, text=True, encoding="utf-8", check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    for file in (
        "made/module.json",
        "made/README.md",
        "made/report.html",
        "served/made/labels.txt",
        "report.html",
    ):
        assert b"\r" not in (tmp_path / file).read_bytes(), file
    assert (tmp_path / "sorted").is_dir()
