"""Large, slow and many clients: each gets one sentence in time, and nobody else notices."""

import base64
import socket
import time
from pathlib import Path

import pytest
from helpers.serving import Served, jpeg, multipart, served, wait_until

from inception_hub import Module
from inception_hub.errors import ArgumentError
from inception_hub.server.app import make_app, make_server
from inception_hub.server.limits import Limits

pytestmark = pytest.mark.usefixtures("unharmed")
MODEL = "/v1/models/small:predict"
INFER = "/v2/models/small/infer"
TEXT = {"b64": base64.b64encode(jpeg(1)).decode()}


def test_bodies_beyond_the_limit(server: Served) -> None:
    found = server.post("/classify", bytes((1 << 20) + 1))
    assert found.status == 413 and "1,048,576 bytes" in found.error
    with server.connect() as client:  # said beforehand: refused before it is sent
        client.sendall(b"POST /embed HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999\r\n\r\n")
        assert client.recv(100).startswith(b"HTTP/1.1 413")
    with server.connect() as client:  # not said
        client.sendall(b"POST /embed HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
        for _ in range(5):
            client.sendall(b"40000\r\n" + bytes(0x40000) + b"\r\n")
        assert client.recv(100).startswith(b"HTTP/1.1 413")


def test_more_images_than_a_request_may_hold(server: Served) -> None:
    body, kind = multipart({str(i): jpeg(i) for i in range(5)})
    found = server.post("/classify", body, content_type=kind)
    assert found.status == 413 and "more than 4 parts" in found.error
    found = server.post(MODEL, {"instances": [TEXT] * 5})
    assert found.status == 413 and "5 images" in found.error


def status_of(client: socket.socket) -> int:
    """Of the next answer; 0 where the server closed without one."""
    found = client.recv(65536)
    return int(found.split()[1]) if found else 0


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
def test_what_is_no_http(server: Served, head: bytes) -> None:
    with server.connect() as client:
        client.sendall(head)
        assert status_of(client) == 400


PART_OF_A_BODY = b"POST /classify HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc"


@pytest.mark.parametrize(
    "start", [b"", b"POST /classify HTT", PART_OF_A_BODY], ids=["silent", "half a head", "half a body"]
)
def test_slow_requests(server: Served, start: bytes) -> None:
    with server.connect() as client:
        client.sendall(start)
        assert status_of(client) == 408
        while client.recv(100):  # until the server closes
            pass


def test_idle_connections_are_closed(server: Served) -> None:
    with server.connect() as client:
        client.sendall(b"GET /v2 HTTP/1.1\r\nHost: a\r\n\r\n")
        assert status_of(client) == 200
        while client.recv(100):  # until the server closes
            pass


def test_half_sent_requests_leave_nothing_behind(server: Served) -> None:
    for _ in range(20):
        with server.connect() as client:
            client.sendall(b"POST /classify HTTP/1.1\r\nHost: a\r\nContent-Length: 900\r\n\r\n" + bytes(500))


def test_connections_beyond_the_limit(server: Served) -> None:
    wait_until(lambda: server.get("/v2").status == 200)
    clients = [server.connect() for _ in range(16)]
    try:
        with server.connect() as one_more:
            assert status_of(one_more) == 503
    finally:
        for client in clients:
            client.close()
    wait_until(lambda: server.get("/v2").status == 200)


def test_bytes_of_all_requests_beyond_the_limit(server: Served) -> None:
    clients = []
    try:
        for _ in range(4):
            client = server.connect()
            clients.append(client)
            head = b"POST /classify HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n"
            client.sendall(head + bytes(999_000))
        statuses = [status_of(client) for client in clients]
        assert 429 in statuses and set(statuses) <= {429, 408}
    finally:
        for client in clients:
            client.close()


def test_limits_are_set_by_name() -> None:
    found = Limits().changed(["queue=7", "deadline=0.5"])
    assert (found.queue, found.deadline, found.images) == (7, 0.5, Limits().images)
    for setting in (
        "nothing=1",
        "queue=0",
        "queue=1.5",
        "queue=",
        "deadline=nan",
        "deadline=inf",
        "deadline=-1",
    ):
        with pytest.raises(ArgumentError, match=setting.partition("=")[0]):
            Limits().changed([setting])


def test_time_is_bounded_for_a_client_that_does_not_read(small_module: Path) -> None:
    with served(small_module, write_seconds=0.3, images=32) as server:
        client = socket.socket()
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.connect(("127.0.0.1", server.port))
        head = b"GET /openapi.json HTTP/1.1\r\nHost: a\r\n\r\n"
        began = time.monotonic()
        with client, pytest.raises(OSError):
            while time.monotonic() - began < 30:
                client.sendall(head * 100)
        assert server.get("/v2").status == 200


def test_waiting_on_connections_is_bounded(small_module: Path) -> None:
    """What uvicorn itself keeps to: the time of an idle connection, and of what is under way at the end."""
    limits = Limits(idle_seconds=7, drain_seconds=3)
    config = make_server(make_app(Module(small_module), limits), limits).config
    assert (config.timeout_keep_alive, config.timeout_graceful_shutdown) == (7, 3)
    assert not config.server_header and config.h11_max_incomplete_event_size == 16 << 10
