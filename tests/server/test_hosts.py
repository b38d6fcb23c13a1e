"""Hosts and origins: which sites' pages may use the server, and which only seem to be this machine's."""

import socket
from pathlib import Path

import pytest
from helpers.serving import Served, jpeg, served

from inception_hub.errors import ArgumentError, ForeignOriginError, UnknownHostError
from inception_hub.server.hosts import AllowedHosts


def check(hosts: AllowedHosts, host: str | None, method: str = "POST", **headers: str) -> None:
    given = {} if host is None else {"host": host}
    given |= {name.replace("_", "-"): value for name, value in headers.items()}
    raw = [(name.encode(), value.encode("latin-1")) for name, value in given.items()]
    hosts.check({"type": "http", "method": method, "headers": raw})


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST:8501", "localhost.", "127.0.0.1:1", "[::1]", "[::1]:8501", None]
)
def test_this_machine_is_always_answered(host: str | None) -> None:
    for listening in ("127.0.0.1", "10.1.2.3", "0.0.0.0", "::"):
        check(AllowedHosts(listening), host)


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:8501",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "",
        ":",
        "[",
        "é",
    ],
)
def test_other_names_are_refused_whatever_they_lead_to(host: str) -> None:
    for listening in ("127.0.0.1", "10.1.2.3", "0.0.0.0", "::"):
        for method in ("GET", "POST"):
            with pytest.raises(UnknownHostError, match="does not answer to the host .* --allowed-host"):
                check(AllowedHosts(listening), host, method)


def test_addresses_are_answered_where_the_server_listens_on_them() -> None:
    check(AllowedHosts("10.1.2.3"), "10.1.2.3:8501")
    check(AllowedHosts("fe80::1"), "[FE80::1]:8501")
    for listening in ("0.0.0.0", "::"):
        check(AllowedHosts(listening), "10.1.2.3:8501")
        check(AllowedHosts(listening), "[2001:db8::7]")
        check(AllowedHosts(listening), socket.gethostname())
    for listening in ("127.0.0.1", "10.1.2.4"):
        with pytest.raises(UnknownHostError):
            check(AllowedHosts(listening), "10.1.2.3")


def test_names_that_are_allowed_may_be_host_and_origin() -> None:
    hosts = AllowedHosts(given=["Photos.Example"])
    check(hosts, "photos.example")
    check(hosts, "127.0.0.1:8501", origin="https://photos.example")  # a proxy has rewritten the host
    check(hosts, "photos.example", origin="https://photos.example:444")
    with pytest.raises(UnknownHostError):
        check(hosts, "example")
    with pytest.raises(ForeignOriginError):
        check(hosts, "photos.example", origin="https://other.example")


@pytest.mark.parametrize(
    "origin",
    ["http://evil.example", "null", "", "http://127.0.0.1:3000", "http://localhost:8501", "127.0.0.1:8501"],
)
def test_pages_of_other_origins_may_not_post(origin: str) -> None:
    hosts = AllowedHosts()
    check(hosts, "127.0.0.1:8501", origin="http://127.0.0.1:8501", sec_fetch_site="same-origin")
    check(hosts, "127.0.0.1:8501", "GET", origin=origin, sec_fetch_site="cross-site")  # such as a link
    with pytest.raises(ForeignOriginError, match="may not send this"):
        check(hosts, "127.0.0.1:8501", origin=origin)
    with pytest.raises(ForeignOriginError, match="another site"):
        check(hosts, "127.0.0.1:8501", sec_fetch_site="cross-site")


@pytest.mark.usefixtures("unharmed")
def test_the_server_checks_every_request(server: Served) -> None:
    for path in ("/", "/card", "/metrics", "/v2/health/ready", "/nothing"):
        response = server.ask("GET", path, headers={"Host": "evil.example"})
        assert response.status == 421 and "'evil.example'" in response.error
    response = server.ask("POST", "/classify", jpeg(1), {"Origin": "http://evil.example"})
    assert response.status == 403 and "'http://evil.example'" in response.error
    assert server.ask("POST", "/classify", jpeg(1), {"Origin": server.url}).status == 200


def test_pages_of_allowed_origins_may_send_photos_and_read_responses(small_module: Path) -> None:
    hosts = AllowedHosts(origins=["https://Photos.Example:8443"])
    with served(small_module, hosts=hosts) as server:
        asked = {"Origin": "https://photos.example:8443", "Access-Control-Request-Method": "POST"}
        preflight = server.ask("OPTIONS", "/classify", headers=asked)
        response = server.post("/classify", jpeg(1), Origin="https://photos.example:8443")
        large = server.post("/nowhere", b"", Origin="https://photos.example:8443")
        assert (preflight.status, response.status, large.status) == (200, 200, 404)
        for each in (preflight, response, large):
            assert each.headers["access-control-allow-origin"] == "https://photos.example:8443"
        for origin in ("https://photos.example", "https://other.example:8443", "null"):
            refused = server.post("/classify", jpeg(1), Origin=origin)
            assert refused.status == 403 and "access-control-allow-origin" not in refused.headers
    check(AllowedHosts(origins=["*"]), "localhost", origin="https://anywhere.example")


def test_without_an_allowed_origin_nothing_is_said_of_it(server: Served) -> None:
    response = server.ask("GET", "/v2", headers={"Origin": "https://photos.example"})
    assert "access-control-allow-origin" not in response.headers


@pytest.mark.parametrize(
    "origin", ["photos.example", "https://", "https://a/b", "ftp://a", "https://a b", "null", ""]
)
def test_origins_that_are_none(origin: str) -> None:
    with pytest.raises(ArgumentError, match="give such as https://photos.example.org, or"):
        AllowedHosts(origins=[origin])


@pytest.mark.parametrize(
    "name", ["", "*", "*.example", "http://a.example", "a.example:80", "[::1]:80", "a.example/b", "a b", "é"]
)
def test_allowed_hosts_that_are_none(name: str) -> None:
    """An empty one, as of an empty variable, would let in pages without an origin (`null`)."""
    with pytest.raises(
        ArgumentError, match="give a name such as photos.example.org or an IP address, without"
    ):
        AllowedHosts(given=[name])


def test_allowed_hosts_of_all_forms() -> None:
    for name in ("photos", "my_service", "a-b.example.", "10.1.2.3", "[2001:db8::1]", "2001:db8::1"):
        host = f"[{name}]" if name.count(":") > 1 and not name.startswith("[") else name
        check(AllowedHosts(given=[name]), f"{host}:8501")
