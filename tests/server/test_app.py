"""The application and its server: paths that do not exist, its command, draining, uvicorn's own limits."""

import http.client
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from helpers.serving import Served, jpeg, refuses, status_of, wait_until

from inception_hub import Module, bundle
from inception_hub.server.app import make_app, make_server
from inception_hub.server.limits import Limits


@pytest.mark.usefixtures("unharmed")
@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/classify", 405),
        ("POST", "/", 405),
        ("POST", "/v1/models/other:predict", 404),
        ("POST", "/v1/models/small:regress", 404),
        ("POST", "/v2/models/..%2f..%2fetc/infer", 404),
        ("GET", "/../../etc/passwd", 404),
        ("GET", "/page.py", 404),
        ("GET", "/redoc", 404),
        ("DELETE", "/v1/models/small", 405),
        ("A" * 9000, "/v2", 405),
        ("GET", "/" + "a" * 9000, 404),
    ],
)
def test_paths_that_do_not_exist(server: Served, method: str, path: str, status: int) -> None:
    response = server.ask(method, path)
    assert response.status == status and response.error


def test_a_module_that_cannot_be_warmed_up_ends_the_command(small_module: Path, tmp_path: Path) -> None:
    shutil.copytree(small_module, tmp_path / "module")
    bundle.add_int8(tmp_path / "module", {}, {})
    command = [sys.executable, "-m", "inception_hub", "serve", "--port", "0", "--precision", "int8"]
    done = subprocess.run(
        [*command, "--module", tmp_path / "module"], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 2
    last = done.stderr.splitlines()[-1]
    assert last.startswith("inception-hub: The int8 graph does not fit its network: missing: ")
    assert len(done.stderr.splitlines()) == 3  # the module, the address, the reason


def test_the_command_serves_and_drains(small_module: Path) -> None:
    command = [sys.executable, "-m", "inception_hub", "serve", "--module", str(small_module), "--port", "0"]
    command += ["--allowed-host", "photos.example"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stderr is not None
        assert "Answering with small" in process.stderr.readline()
        line = process.stderr.readline()
        port = int(line.split("127.0.0.1:")[1].split("/")[0])
        client = Served(None, port)  # type: ignore[arg-type]
        wait_until(lambda: client.get("/v2/health/ready").status == 200)
        for host, status in (("photos.example", 200), ("other.example", 421)):
            assert client.ask("GET", "/v2", headers={"Host": host}).status == status
        with client.connect() as stranger:  # who cannot fill the log either: see the end
            stranger.sendall(b"what is no HTTP\r\n\r\n")
            assert stranger.recv(100).startswith(b"HTTP/1.1 400")
        with client.connect() as slow:
            body = jpeg(1)
            head = b"POST /classify HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % len(body)
            slow.sendall(head + body)
            assert connection_header(slow) is None
            slow.sendall(head)
            wait_until(lambda: client.get("/metrics").status == 200)  # one round: the head has been read
            process.send_signal(signal.SIGTERM)
            wait_until(lambda: refuses(client))
            slow.sendall(body)
            assert connection_header(slow) == "close"  # as the server ends, it says that it is the last
            assert slow.recv(100) == b""  # the server has closed
        assert process.wait(30) == 0
        assert process.stderr.read() == ""
    finally:
        process.kill()
        process.wait()
        if process.stderr:
            process.stderr.close()


def connection_header(client: socket.socket) -> str | None:
    """That of the next response, which is read whole and is a good one."""
    response = http.client.HTTPResponse(client)
    response.begin()
    response.read()
    assert response.status == 200
    return response.getheader("Connection")


@pytest.mark.usefixtures("unharmed")
def test_idle_connections_are_closed(strict_server: Served) -> None:
    with strict_server.connect() as client:
        client.sendall(b"GET /v2 HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert status_of(client) == 200
        while client.recv(100):  # until the server closes
            pass


def test_waiting_on_connections_is_bounded(small_module: Path) -> None:
    """What uvicorn itself keeps to: the time of an idle connection, and of what is under way at the end."""
    limits = Limits(idle_seconds=7, drain_seconds=3)
    config = make_server(make_app(Module(small_module), limits), limits).config
    assert config.timeout_keep_alive == 7
    assert config.timeout_graceful_shutdown == pytest.approx(2.7)  # the rest is for closing
    assert not config.server_header and config.backlog == limits.waiting
