"""`serve` on the command line: addresses that cannot be had. What it answers: tests/server."""

import errno
import os
import socket

import pytest
from helpers.command import run


def test_a_port_that_is_taken(small_module: object, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, out, err = run(capsys, "serve", "--module", small_module, "--port", port)
    assert (code, out) == (2, "")
    reason = os.strerror(errno.EADDRINUSE)
    assert f"127.0.0.1 port {port} cannot be listened on ({reason}); give another --host or --port." in err


def test_a_limit_that_is_none(small_module: object, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "serve", "--module", small_module, "--limit", "speed=7")
    assert (code, out) == (2, "") and "speed" in err
