"""Bodies: too large, too slow, too many at once, abandoned; and what is counted of requests."""

import pytest
from helpers.serving import Served, jpeg, status_of

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
    assert strict_server.post("/classify?top=3&secret-9f2", jpeg(1)).status == 200
    text = strict_server.get("/metrics").content.decode()
    assert "secret" not in text
    assert 'inception_hub_requests_total{path="other",status="404"}' in text
