"""Runs command lines on Linux without what Windows lacks; open files cannot be moved or removed, as there.

There are no locks, no users and no processes that fork; directories cannot be opened; a file that is open or
mapped can be neither removed, replaced nor renamed, nor a folder that holds one; a rename replaces nothing.
What this cannot show: names, paths and consoles of Windows.
"""

import errno
import gc
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from traceback import format_stack
from typing import Any

LACKING = (
    *("O_DIRECTORY", "O_NOFOLLOW", "O_NONBLOCK", "fork", "getuid", "geteuid", "getgid", "mkfifo"),
    *("sched_getaffinity", "sched_setaffinity", "statvfs", "chown", "lchown", "chroot"),
)
MODULES = ("fcntl", "resource", "termios", "pwd", "grp", "tty", "pty")
real_open, real_listdir, real_readlink, real_os_open = open, os.listdir, os.readlink, os.open
refused: list[str] = []


def run_like_windows(folder: Path, *commands: Sequence[object]) -> tuple[list[int], list[str]]:
    """Runs `inception-hub COMMAND` for each, in `folder`: their exit statuses, and what was refused where."""
    given = json.dumps([list(map(str, command)) for command in commands])
    result = folder / "like_windows.json"
    done = subprocess.run(
        [sys.executable, __file__, result, given], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0 and "Traceback" not in done.stderr, done.stderr
    codes, refused = json.loads(result.read_text("utf-8"))
    return codes, refused


def is_open(path: Any) -> bool:
    """Whether this process has open or mapped the file, or any in the folder, at `path`."""
    whole = os.path.realpath(os.fsdecode(path))
    with real_open("/proc/self/maps", encoding="utf-8", errors="surrogateescape") as maps:
        held = {line.rstrip("\n").split(maxsplit=5)[5] for line in maps if " /" in line}
    for number in real_listdir("/proc/self/fd"):
        try:
            held.add(real_readlink(f"/proc/self/fd/{number}"))
        except FileNotFoundError:  # what listed them
            pass
    return any(each == whole or each.startswith(f"{whole}/") for each in held)


def refusing(function: Callable[..., Any], taken: bool = False) -> Callable[..., Any]:
    """`function` of paths, refused while one is open; `taken`: also where the second exists."""

    def call(*paths: Any, **options: Any) -> Any:
        if sys._getframe(1).f_globals["__name__"] != "tempfile":  # its files go when they are closed
            for path in paths:
                if os.path.lexists(path) and is_open(path):
                    refused.append("\n".join([os.fsdecode(path), *format_stack(limit=6)]))
                    raise PermissionError(errno.EACCES, "It is being used by a process", path)
        if taken and os.path.lexists(paths[1]):
            raise FileExistsError(errno.EEXIST, "The file exists", paths[1])
        return function(*paths, **options)

    return call


def open_file(path: Any, flags: int, mode: int = 0o777, **options: Any) -> int:
    """`os.open`, of files only."""
    if os.path.isdir(path):
        raise PermissionError(errno.EACCES, "Permission denied", path)
    return real_os_open(path, flags, mode, **options)


def become_windows() -> None:
    """Takes from this process what Windows lacks."""
    from inception_hub.system import locks, open_files, placing

    locks.fcntl = locks.DIRECTORY = None
    open_files.MOVABLE, placing.REFUSES_TAKEN = False, True
    placing._renameat2 = lambda *_: False
    for name in LACKING:
        delattr(os, name)
    for name in MODULES:
        sys.modules[name] = None  # type: ignore[assignment]
    shutil._use_fd_functions = False  # type: ignore[attr-defined]
    os.open = open_file
    os.unlink = os.remove = refusing(os.unlink)
    os.replace, os.rmdir = refusing(os.replace), refusing(os.rmdir)
    os.rename = refusing(os.rename, taken=True)


if __name__ == "__main__":
    become_windows()
    from inception_hub.cli import main

    codes: list[Any] = []
    for command in json.loads(sys.argv[2]):
        try:
            main(command)
        except SystemExit as end:
            codes.append(end.code)
        gc.collect()
    Path(sys.argv[1]).write_text(json.dumps([codes, refused]), "utf-8")
