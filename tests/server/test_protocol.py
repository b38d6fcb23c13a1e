"""Connections: what is no HTTP, slow heads, too many clients, clients that do not read, or do not wait."""

import asyncio
import logging
import socket
import time
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest
from helpers.serving import Served, jpeg, served, status_of, wait_until

from inception_hub.server.connection import HEAD_BYTES, BoundedConnection
from inception_hub.server.protocol import Flow

POST = b"POST /classify HTTP/1.1\r\nHost: localhost\r\n"
GET = b"GET /v2 HTTP/1.1\r\nHost: localhost\r\n"
BUFFER = 1 << 16  # instead of megabytes, which would have to be filled


@pytest.mark.usefixtures("unharmed")
@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"\x16\x03\x01\x02\x00", 400),
        (b"GET\r\n\r\n", 400),
        (b"GET / HTTP/9\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (b"A" * 70_000, 431),
    ],
    ids=["tls", "short", "version", "no host", "endless"],
)
def test_what_is_no_http(strict_server: Served, head: bytes, status: int) -> None:
    with strict_server.connect() as client:
        client.sendall(head)
        assert status_of(client) == status


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
    with served(small_module, write_seconds=0.3, images=32, buffer=BUFFER) as server:
        client = socket.socket()
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.connect(("127.0.0.1", server.port))
        head = b"GET /openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n"
        began = time.monotonic()
        with client, pytest.raises(OSError):
            while time.monotonic() - began < 30:
                client.sendall(head * 100)
        assert server.get("/v2").status == 200


def test_a_client_that_does_not_read_holds_no_connection_by_a_few_bytes(small_module: Path) -> None:
    """Of fewer than 64 KiB that wait asyncio says nothing, and it closes no connection before all is sent."""
    numbers = range(1, 17)  # of responses of 27 kB: whatever the system's buffers hold, one leaves that few
    limits = dict(write_seconds=0.3, idle_seconds=3, connections=len(numbers))
    with served(small_module, buffer=BUFFER, **limits) as server:
        with ExitStack() as clients:
            for number in numbers:
                client = clients.enter_context(socket.socket())
                client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
                client.connect(("127.0.0.1", server.port))
                client.sendall(b"GET /openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n" * number)
            wait_until(lambda: _are_answered(server, len(numbers)))


def _are_answered(server: Served, number: int) -> bool:
    """Whether there is room for so many connections at once."""
    with ExitStack() as clients:
        for _ in range(number):
            client = clients.enter_context(server.connect())
            client.sendall(GET + b"\r\n")
            if status_of(client) != 200:
                return False
    return True


@pytest.mark.usefixtures("unharmed")
@pytest.mark.parametrize(("end", "last"), [(b"", []), (b"garbage\r\n\r\n", [400])], ids=["good", "bad"])
def test_requests_before_their_turn_are_answered_in_order(
    server: Served, end: bytes, last: list[int]
) -> None:
    with server.connect() as client:
        client.settimeout(20)  # less than an idle connection is kept
        client.sendall((POST + b"Content-Length: 3\r\n\r\nabc" + GET + b"\r\n") * 20 + end)
        client.shutdown(socket.SHUT_WR)  # which takes none of them away
        received = b""
        while chunk := client.recv(65536):
            received += chunk
    statuses = [int(part[:3]) for part in received.split(b"HTTP/1.1 ")[1:]]
    assert [each for each in statuses if each != 100] == [400, 200] * 20 + last


def test_no_more_is_read_than_is_answered() -> None:
    """A client that sends without waiting once had the server keep all of it: 700 MB in ten seconds."""
    paused: list[bool] = []

    class Transport(asyncio.Transport):
        def pause_reading(self) -> None:
            paused.append(True)

        def resume_reading(self) -> None:
            paused.append(False)

    async def read_on() -> None:
        connection = BoundedConnection()
        flow = Flow(Transport(), connection)
        for waiting, resumed in ((1, True), (HEAD_BYTES - 1, True), (1, False)):
            connection.receive_data(bytes(waiting))
            flow.pause_reading()
            flow.resume_reading()
            assert paused[-1] is not resumed

    asyncio.run(read_on())


def test_memory_does_not_grow_with_what_is_sent_before_its_turn(server: Served) -> None:
    sent, requests = 0, (POST + b"Content-Length: 3\r\n\r\nabc") * 2000
    with server.connect() as client:
        client.setblocking(False)
        answered = 0
        while answered < 300:
            with suppress(BlockingIOError):
                sent += client.send(requests)
            with suppress(BlockingIOError):
                answered += client.recv(65536).count(b"HTTP/1.1 400")
    assert sent < 20 << 20  # what the sockets hold, and some


@pytest.mark.usefixtures("unharmed")
def test_what_follows_the_last_request_is_not_read(server: Served) -> None:
    """Some clients end a body with a line end that belongs to nothing."""
    body = jpeg(5)
    with server.connect() as client:
        client.sendall(POST + b"Connection: close\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        client.sendall(b"\r\n")
        assert status_of(client) == 200


def test_no_refused_request_fills_the_log(server: Served, caplog: pytest.LogCaptureFixture) -> None:
    """Its application is told that there is nobody to answer: uvicorn logs what it sends after the end."""
    logger = logging.getLogger("uvicorn.error")
    logger.addHandler(caplog.handler)
    chunked = b"\r\nTransfer-Encoding: chunked\r\n\r\nno size\r\n"
    for request, status in (
        (b"POST /classify HTTP/1.1\r\nHost: localhost" + chunked, 400),
        (b"POST /classify HTTP/1.1\r\nHost: evil.example" + chunked, 400),
        (b"HEAD /v2 HTTP/1.1\r\nHost: localhost" + chunked, 400),
        (b"HEAD /v2 HTTP/2.0\r\nHost: localhost\r\n\r\n", 505),
    ):
        with server.connect() as client:
            client.sendall(request)
            assert status_of(client) == status
    assert server.get("/v2").status == 200
    logger.removeHandler(caplog.handler)
    assert not caplog.records


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
