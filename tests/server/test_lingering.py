"""Refused clients that still send get the response, and are cut off in time."""

import socket
import time

import pytest
from helpers.serving import Served, status_of, wait_until

pytestmark = pytest.mark.usefixtures("unharmed")
LARGE = bytes(8 << 20)  # more than sockets hold


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (
            b"POST /classify HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: %d\r\n\r\n",
            413,
        ),
        (b"POST /classify HTTP/1.0\r\nContent-Length: %d\r\n\r\n", 413),
        (b"GET / HTTP/1.1\r\nA: %d", 431),
    ],
    ids=["close", "1.0", "head"],
)
def test_the_response_reaches_a_client_that_sends_all_first(
    strict_server: Served, head: bytes, status: int
) -> None:
    """A reset, which a close with bytes unread causes, would take it away."""
    with strict_server.connect() as client:
        client.sendall(head % len(LARGE) + LARGE)
        client.shutdown(socket.SHUT_WR)
        received = b""
        while chunk := client.recv(65536):
            received += chunk
    assert received.startswith(b"HTTP/1.1 %d " % status) and received.endswith(b'."}')


@pytest.mark.parametrize(
    "head",
    [b"GET / HTTP/1.1\r\nA: ", b"POST /embed HTTP/1.0\r\nContent-Length: 99999999999\r\n\r\n"],
    ids=["head", "body"],
)
def test_a_client_that_sends_without_end_is_cut_off(strict_server: Served, head: bytes) -> None:
    end = time.monotonic() + 30
    with strict_server.connect() as client, pytest.raises(ConnectionError):
        client.sendall(head)
        while time.monotonic() < end:
            client.sendall(LARGE)


def test_a_refused_client_that_waits_is_closed(strict_server: Served) -> None:
    with strict_server.connect() as client:
        client.sendall(b"garbage\r\n\r\n")
        received = b""
        while chunk := client.recv(65536):  # the server's side ends at once
            received += chunk
        assert received.startswith(b"HTTP/1.1 400 ")

        def is_reset() -> bool:
            try:
                client.sendall(b"more")
            except ConnectionError:
                return True
            return False

        wait_until(is_reset)


def test_a_client_that_sent_all_of_a_refused_request_is_idle(strict_server: Served) -> None:
    with strict_server.connect() as client:
        client.sendall(
            b"POST /classify HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % len(LARGE)
        )
        assert status_of(client) == 413
        client.sendall(LARGE)
        assert status_of(client) == 0  # no 408: nothing is missing


@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_what_follows_the_last_request_takes_no_response_away(strict_server: Served, version: str) -> None:
    head = f"GET /v2 HTTP/{version}\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode()
    with strict_server.connect() as client:
        client.sendall(head + b"GET /card HTTP/1.1\r\nHost: localhost\r\n\r\n" * 100_000)
        received = b""
        while chunk := client.recv(65536):
            received += chunk
    assert received.startswith(b"HTTP/1.1 200 ") and received.count(b"HTTP/1.1 ") == 1
