"""Addresses: a name's all, IPv4 beside IPv6, one port for all of them."""

import socket

import pytest

from inception_hub.errors import ArgumentError, OutputError
from inception_hub.server import listening
from inception_hub.server.limits import Limits
from inception_hub.server.listening import OTHER_FILES, check_files, listen


def addresses(host: str, port: int = 0) -> list[tuple[str, int]]:
    listeners = listen(host, port, 4)
    try:
        return [listener.getsockname()[:2] for listener in listeners]
    finally:
        for listener in listeners:
            listener.close()


def has_ipv6() -> bool:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True


def test_a_name_with_two_addresses_is_listened_on_at_both(monkeypatch: pytest.MonkeyPatch) -> None:
    def found(host: str, port: int, **_: object) -> list[object]:
        return [
            (socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("::1", port, 0, 0)),
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port)),
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port)),
        ]

    monkeypatch.setattr(socket, "getaddrinfo", found)
    listening = addresses("photos.example")
    assert [address for address, _ in listening] == (["::1"] if has_ipv6() else []) + ["127.0.0.1"]
    assert len({port for _, port in listening}) == 1


def test_all_addresses_of_ipv6_are_those_of_ipv4_too() -> None:
    if not has_ipv6():
        pytest.skip("this machine has no IPv6")
    (listener,) = listen("::", 0, 4)
    with listener:
        port = listener.getsockname()[1]
        for address in ("127.0.0.1", "::1"):
            socket.create_connection((address, port), timeout=10).close()


def test_what_cannot_be_listened_on() -> None:
    assert addresses("127.0.0.1")[0][0] == "127.0.0.1"
    with socket.create_server(("127.0.0.1", 0)) as taken:
        for host, port in (
            ("127.0.0.1", taken.getsockname()[1]),
            ("192.0.2.1", 0),
            ("nowhere.invalid", 0),
            ("a..b", 0),
            ("a" * 300, 0),
        ):
            with pytest.raises(OutputError, match=f"{host} port {port} cannot be listened on"):
                listen(host, port, 4)


def test_a_server_that_may_open_too_few_files_is_not_started(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a file for a connection the system's error is logged, thousands of times a second."""
    check_files(Limits(), 2)
    wanted: list[int] = []

    def allow(number: int) -> int:
        wanted.append(number)
        return min(number, 500)

    monkeypatch.setattr(listening, "allow_open_files", allow)
    check_files(Limits(connections=100), 1)
    assert wanted == [300 + OTHER_FILES]
    for listeners, fitting in ((1, 145), (2, 109)):
        with pytest.raises(ArgumentError, match=f"the system allows 500; .* connections={fitting}\\."):
            check_files(Limits(), listeners)
        check_files(Limits(connections=fitting), listeners)
    monkeypatch.setattr(listening, "allow_open_files", lambda number: 40)
    with pytest.raises(ArgumentError, match=r"raise that \(ulimit -n\)\.$"):
        check_files(Limits(connections=1), 1)
