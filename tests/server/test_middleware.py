"""Bodies: too large, too slow, too many at once, abandoned; and what is counted of requests."""

import asyncio
import gzip
import threading
from typing import Any

import pytest
from helpers.serving import Served, jpeg, status_of, wait_until

from inception_hub.server.app import make_app
from inception_hub.server.limits import Limits
from inception_hub.server.service import Service

pytestmark = pytest.mark.usefixtures("unharmed")


def test_bodies_beyond_the_limit(strict_server: Served) -> None:
    response = strict_server.post("/classify", bytes((1 << 20) + 1))
    assert response.status == 413 and "1,048,576 bytes" in response.error
    with strict_server.connect() as client:  # said beforehand: refused before it is sent
        client.sendall(b"POST /embed HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999\r\n\r\n")
        assert client.recv(100).startswith(b"HTTP/1.1 413")
    with strict_server.connect() as client:  # not said
        client.sendall(b"POST /embed HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n")
        for _ in range(5):
            client.sendall(b"40000\r\n" + bytes(0x40000) + b"\r\n")
        assert client.recv(100).startswith(b"HTTP/1.1 413")


def test_half_sent_requests_leave_nothing_behind(strict_server: Served) -> None:
    for _ in range(20):
        with strict_server.connect() as client:
            client.sendall(
                b"POST /classify HTTP/1.1\r\nHost: localhost\r\nContent-Length: 900\r\n\r\n" + bytes(500)
            )


def test_bytes_of_all_requests_beyond_the_limit(strict_server: Served) -> None:
    clients = []
    try:
        for _ in range(4):
            client = strict_server.connect()
            clients.append(client)
            head = b"POST /classify HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n"
            client.sendall(head + bytes(999_000))
        statuses = [status_of(client) for client in clients]
        assert 429 in statuses and set(statuses) <= {429, 408}
    finally:
        for client in clients:
            client.close()


def test_bytes_are_given_back_with_the_response(strict_server: Served) -> None:
    """Six requests one after the other take twice what all bodies together may at once."""
    for _ in range(6):
        response = strict_server.post("/classify", bytes(1_000_000))
        assert response.status == 400 and "no readable image" in response.error


def test_slow_bodies(strict_server: Served) -> None:
    with strict_server.connect() as client:
        client.sendall(b"POST /classify HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nabc")
        assert status_of(client) == 408
        while client.recv(100):  # until the server closes
            pass


def test_figures_are_kept_by_route_never_by_what_a_client_asked(strict_server: Served) -> None:
    """Each label is a series kept for ever: a client's own words would have no end, and may be secret."""
    assert strict_server.get("/no/such/secret-9f2").status == 404
    assert strict_server.get("/v2/health/live?secret-9f2").status == 200
    assert strict_server.post("/classify?top=3&secret-9f2", jpeg(1)).status == 400
    text = strict_server.get("/metrics").content.decode()
    assert "secret" not in text
    assert 'inception_hub_requests_total{path="other",status="404"}' in text


def test_a_fault_of_the_server_is_counted_as_one(
    strict_server: Served, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def fail(self: Service, body: bytes) -> None:
        raise ZeroDivisionError("a fault")

    with monkeypatch.context() as patch:
        patch.setattr(Service, "read_json", fail)
        response = strict_server.post("/v1/models/small:predict", {})
    assert response.status == 500 and "its log says how" in response.error
    text = strict_server.get("/metrics").content.decode()
    assert 'inception_hub_requests_total{path="/v1/models/small:predict",status="500"} 1.0' in text
    assert 'status="0"' not in text


def test_clients_that_hang_up_are_counted_apart(strict_server: Served) -> None:
    with strict_server.connect() as client:
        client.sendall(b"POST /classify HTTP/1.1\r\nHost: localhost\r\nContent-Length: 900\r\n\r\nabc")
    wait_until(lambda: b'status="499"' in strict_server.get("/metrics").content)


@pytest.mark.parametrize("length", [b"abc", b"-1", b"1e3", b"1" * 5000, b"\xb2", b""])
def test_lengths_that_are_none(strict_server: Served, length: bytes) -> None:
    """Other servers than ours may let them through."""
    app = make_app(strict_server.module, Limits())
    app.state.service.ready = True
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/classify",
        "raw_path": b"/classify",
        "query_string": b"",
    }
    asyncio.run(app({**scope, "headers": [(b"content-length", length)]}, receive, send))
    assert sent[0]["status"] == (413 if length.isdigit() else 400)
    app.state.service.close()


def test_two_lengths_of_one_body_are_refused_and_the_connection_ends(strict_server: Served) -> None:
    """RFC 9112, 6.1: what follows could belong to another's request."""
    with strict_server.connect() as client:
        client.sendall(
            b"POST /classify HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /v2 HTTP/1.1\r\nHost: localhost\r\n\r\n"
        )
        received = b""
        while chunk := client.recv(65536):
            received += chunk
    assert received.startswith(b"HTTP/1.1 400 ") and received.count(b"HTTP/1.1") == 1
    assert b"connection: close" in received.lower() and b"send one of them" in received


def test_the_deadline_holds_for_what_waits_to_be_unpacked(strict_server: Served) -> None:
    app = make_app(strict_server.module, Limits(deadline=0.05))
    service, released = app.state.service, threading.Event()
    service.ready = True
    service.threads._large.submit(released.wait)  # as another's large body
    messages = [{"type": "http.request", "body": gzip.compress(bytes(4 << 20)), "more_body": False}]
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        if not messages:
            await asyncio.Event().wait()
        return messages.pop()

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(b"host", b"localhost"), (b"content-encoding", b"gzip")]
    scope = {"type": "http", "method": "POST", "path": "/classify", "query_string": b"", "headers": headers}
    asyncio.run(app(scope, receive, send))
    released.set()
    service.close()
    assert sent[0]["status"] == 503 and b"within 0.05 s" in sent[1]["body"]
