"""Connections: what is no HTTP, slow heads, too many clients, clients that do not read."""

import socket
import time
from pathlib import Path

import pytest
from helpers.serving import Served, jpeg, served, status_of, wait_until


@pytest.mark.usefixtures("unharmed")
@pytest.mark.parametrize(
    "head",
    [
        b"\x16\x03\x01\x02\x00",
        b"GET\r\n\r\n",
        b"GET / HTTP/9\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"A" * 70_000,
    ],
    ids=["tls", "short", "version", "no host", "endless"],
)
def test_what_is_no_http(strict_server: Served, head: bytes) -> None:
    with strict_server.connect() as client:
        client.sendall(head)
        assert status_of(client) == 400


@pytest.mark.usefixtures("unharmed")
@pytest.mark.parametrize("start", [b"", b"POST /classify HTT"], ids=["silent", "half a head"])
def test_slow_heads(strict_server: Served, start: bytes) -> None:
    with strict_server.connect() as client:
        client.sendall(start)
        assert status_of(client) == 408
        while client.recv(100):  # until the server closes
            pass


@pytest.mark.usefixtures("unharmed")
def test_connections_beyond_the_limit(strict_server: Served) -> None:
    wait_until(lambda: strict_server.get("/v2").status == 200)
    clients = [strict_server.connect() for _ in range(16)]
    try:
        with strict_server.connect() as one_more:
            assert status_of(one_more) == 503
    finally:
        for client in clients:
            client.close()
    wait_until(lambda: strict_server.get("/v2").status == 200)


def test_time_is_bounded_for_a_client_that_does_not_read(small_module: Path) -> None:
    with served(small_module, write_seconds=0.3, images=32) as server:
        client = socket.socket()
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.connect(("127.0.0.1", server.port))
        head = b"GET /openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n"
        began = time.monotonic()
        with client, pytest.raises(OSError):
            while time.monotonic() - began < 30:
                client.sendall(head * 100)
        assert server.get("/v2").status == 200


@pytest.mark.parametrize("version", ["1.1", "1.0"])
def test_a_client_that_sends_no_more_gets_its_response(server: Served, version: str) -> None:
    body = jpeg(2)
    expected = server.post("/classify", body).content
    with server.connect() as client:
        head = f"POST /classify HTTP/{version}\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n"
        client.sendall(head.encode() + body)
        client.shutdown(socket.SHUT_WR)
        received = b""
        while chunk := client.recv(65536):
            received += chunk
    received = received.removeprefix(b"HTTP/1.1 100 \r\n\r\n")
    assert received.startswith(b"HTTP/1.1 200 ") and received.endswith(expected)
    assert b"connection: close" in received.lower()


def test_a_client_that_sends_no_more_before_the_end_of_its_request_gets_none(server: Served) -> None:
    with server.connect() as client:
        client.sendall(b"POST /classify HTTP/1.1\r\nHost: localhost\r\nContent-Length: 900\r\n\r\nabc")
        client.shutdown(socket.SHUT_WR)
        assert client.recv(65536) == b""
