"""The command line without its slow start: a process that has imported it forks for each run.

What runs is `inception_hub.cli.main`, in a process with streams, environment and working directory of its
own, as by `python -m inception_hub`. How that starts is tested in `tests/cli/test_start.py`.
"""

import atexit
import gc
import importlib
import io
import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
import traceback
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any, NoReturn

COMMAND = "from inception_hub.cli import main; main()"
# What most verbs import once they run; and what those that train import.
ANSWERING = (
    "inception_hub.cli.app",
    "inception_hub.cli.progress",
    "inception_hub.output.run",
    "inception_hub.engines.openvino",
    "typer._adapters",
    "jinja2",
)
TRAINING = (
    *ANSWERING,
    "inception_hub.training.finetune",
    "inception_hub.training.from_scratch",
    "torch._dynamo",  # by PyTorch's optimisers
    "torch.utils.tensorboard",
    "matplotlib.backends.backend_svg",
    "matplotlib.style",
)


def start(
    streams: tuple[int, int, int],
    *arguments: object,
    code: str = COMMAND,
    imported: tuple[str, ...] = ANSWERING,
    options: tuple[str, ...] = (),
    missing: tuple[str, ...] = (),
    whole: bool = False,
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
) -> Callable[[], int]:
    """Starts a run on file descriptors for input, output and errors; a function that waits for its status.

    `imported`: modules that are imported before; `options`: Python's own; `missing`: modules that are as
    if they were not installed; `whole`: Python takes everything apart at the end, which takes longer than
    most runs where much has been imported. Runs wait for one another.
    """
    given = dict(os.environ if environment is None else environment)
    folder = folder or Path.cwd()
    words = list(map(str, arguments))
    if sys.platform != "linux":  # elsewhere a process that has imported much may not survive a fork
        process = subprocess.Popen(
            [sys.executable, *options, "-c", _without(missing) + code, *words],
            stdin=streams[0], stdout=streams[1], stderr=streams[2], env=given, cwd=folder,
        )  # fmt: skip
        return process.wait
    asked = _parent(imported, options, missing)
    message = json.dumps([code, words, given, str(folder), whole]).encode()
    socket.send_fds(asked, [len(message).to_bytes(8, "big")], list(streams))
    asked.sendall(message)
    return lambda: int.from_bytes(_exactly(asked, 8), "big", signed=True)


def run(*arguments: object, together: bool = False, **options: Any) -> "subprocess.CompletedProcess[str]":
    """Runs the command to its end, without input: its status and what it wrote; see `start`.

    `together`: errors are in the output, where they were written.
    """
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err, open(os.devnull, "rb") as nothing:
        streams = (nothing.fileno(), out.fileno(), (out if together else err).fileno())
        status = start(streams, *arguments, **options)()
        for file in (out, err):
            file.seek(0)
        return subprocess.CompletedProcess(
            [*map(str, arguments)], status, out.read().decode(), err.read().decode()
        )


@cache
def _parent(imported: tuple[str, ...], options: tuple[str, ...], missing: tuple[str, ...]) -> socket.socket:
    """What is connected with a process that has imported `imported`; it ends with this one."""
    ours, its = socket.socketpair()
    command = [sys.executable, *options, __file__, str(its.fileno()), _without(missing), *imported]
    process = subprocess.Popen(command, pass_fds=[its.fileno()], stdin=subprocess.DEVNULL)
    its.close()

    def end() -> None:
        ours.close()
        process.wait()

    atexit.register(end)
    return ours


def _without(missing: tuple[str, ...]) -> str:
    """Python code after which these modules cannot be imported."""
    return f"import sys; sys.modules.update(dict.fromkeys({missing})); "


def _exactly(connected: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        chunk = connected.recv(size - len(data))
        if not chunk:
            raise EOFError
        data += chunk
    return data


def _serve(connected: socket.socket) -> dict[str, Any]:
    """Forks for each request and tells how the run ended; returns in the new process, with its request."""
    while True:
        size, streams, _, _ = socket.recv_fds(connected, 8, 3)
        if not size:
            connected.close()
            sys.exit()
        size += _exactly(connected, 8 - len(size))
        request = _exactly(connected, int.from_bytes(size, "big"))
        if not (process := os.fork()):
            connected.close()
            for number, stream in enumerate(streams):
                os.dup2(stream, number)
            for stream in streams:
                os.close(stream)
            names = ("code", "words", "environment", "folder", "whole")
            return dict(zip(names, json.loads(request), strict=True))
        for stream in streams:
            os.close(stream)
        status = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
        connected.sendall(status.to_bytes(8, "big", signed=True))


def _become(words: list[str], environment: Mapping[str, str], folder: str) -> None:
    """Gives this process what Python gives one at its start."""
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    sys.argv[:] = ["-m", *words]
    sys.path.insert(0, folder)
    encoding = sys.stderr.encoding
    sys.stdin = sys.__stdin__ = open(0, encoding=encoding, closefd=False)  # noqa: SIM115
    for number, name, errors in ((1, "stdout", "strict"), (2, "stderr", "backslashreplace")):
        raw = io.BufferedWriter(io.FileIO(number, "w", closefd=False))
        lines = number == 2 or os.isatty(number)
        stream = io.TextIOWrapper(raw, encoding, errors, line_buffering=lines)
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)


def _end(status: int) -> NoReturn:
    """Ends this process with what was registered for its end, and leaves what it holds to the system."""
    threading._shutdown()  # pyright: ignore[reportAttributeAccessIssue]
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()
    os._exit(status)


if __name__ == "__main__":
    del sys.path[0]  # this folder
    exec(sys.argv[2])
    if "inception_hub.cli.app" in sys.argv[3:]:
        from inception_hub.system.cores import bound_libraries

        bound_libraries()
        sys.modules.setdefault("openvino.tools.ovc", None)  # type: ignore[arg-type]  # as the command does
    for name in sys.argv[3:]:
        with suppress(ModuleNotFoundError):  # the run will say so
            importlib.import_module(name)
    gc.freeze()  # no run looks for garbage in what all share
    asked = _serve(socket.socket(fileno=int(sys.argv[1])))
    _become(asked["words"], asked["environment"], asked["folder"])
    status: object = 0
    try:
        exec(compile(asked["code"], "<string>", "exec"), {"__name__": "__main__"})
    except SystemExit as end:
        status = end.code
    except BaseException:
        traceback.print_exc()
        status = 1
    if asked["whole"]:
        sys.exit(status)  # pyright: ignore[reportArgumentType]
    _end(status if isinstance(status, int) else 0)
