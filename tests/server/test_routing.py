"""Paths and methods: `HEAD`, a slash behind, whole URLs, a prefix that a proxy passes on or takes off."""

import json
from pathlib import Path

import pytest
from helpers.serving import Served, jpeg, served

from inception_hub.errors import ArgumentError
from inception_hub.server.routing import checked_prefix, routed


def test_head_is_get_without_the_body(server: Served) -> None:
    description = server.get("/openapi.json").json
    paths = [path for path, methods in description["paths"].items() if "get" in methods]
    assert len(paths) > 10
    for path in ["/", "/page.css", "/openapi.json", *paths]:
        asked, told = server.get(path), server.ask("HEAD", path)
        assert (told.status, told.content) == (asked.status, b""), path
        assert told.headers["content-type"] == asked.headers["content-type"]
        if path != "/metrics":  # which change with every request
            assert told.headers["content-length"] == asked.headers["content-length"]
    assert server.ask("HEAD", "/classify").status == server.get("/classify").status == 405
    assert server.ask("HEAD", "/nowhere").status == 404


def test_a_slash_behind_a_path_changes_nothing(server: Served) -> None:
    for path in ("/v2", "/v2/health/live", "/v1/models/small", "/metrics", "/card"):
        assert server.get(f"{path}/").status == 200
    photo = jpeg(1)
    assert server.post("/classify/", photo).json == server.post("/classify", photo).json
    assert server.get("//").status == server.get("/v2//").status == 404


def test_a_prefix_is_passed_on_or_taken_off(small_module: Path) -> None:
    with served(small_module, prefix="/hub") as server:
        for prefix in ("", "/hub"):
            for path in ("/", "/v2", "/page.css", "/card"):
                assert server.get(prefix + path).status == 200, prefix + path
            assert server.post(f"{prefix}/classify", jpeg(1)).status == 200
        assert server.get("/hubert/v2").status == server.get("/hub/hub/v2").status == 404
        assert server.get("/openapi.json").json["servers"] == [{"url": "/hub"}]


@pytest.mark.parametrize(
    ("prefix", "checked"),
    [("", ""), ("/", ""), ("/a", "/a"), ("/a/", "/a"), ("/v2", "/v2"), ("/a/b-c.d", "/a/b-c.d")],
)
def test_prefixes(prefix: str, checked: str) -> None:
    assert checked_prefix(prefix) == checked
    path = routed({"path": f"{checked}/v2/health", "method": "POST"}, checked)["path"]
    assert path == "/v2/health"


@pytest.mark.parametrize("prefix", ["a", "//a", "/a//b", "/a?b", "/é", "https://a.example/", "/a b", "/a\n"])
def test_prefixes_that_are_none(prefix: str) -> None:
    with pytest.raises(ArgumentError, match="give one such as /photos"):
        checked_prefix(prefix)


def test_the_description_is_json(server: Served) -> None:
    assert "servers" not in json.loads(server.get("/openapi.json").content)


@pytest.mark.parametrize(
    ("target", "host", "status"),
    [
        ("http://localhost:8000/v2", "localhost", 200),
        ("HTTP://LOCALHOST/v2/?a=b", "evil.example", 200),
        ("https://127.0.0.1", "localhost", 200),
        ("http://evil.example/v2", "localhost", 421),
        ("http://user@localhost/v2", "localhost", 421),
        ("http:///v2", "localhost", 421),
        ("ftp://localhost/v2", "localhost", 404),
        ("localhost:80", "localhost", 404),
        ("*", "localhost", 404),
    ],
)
def test_whole_urls_are_read_and_their_host_counts(
    server: Served, target: str, host: str, status: int
) -> None:
    """RFC 9112, 3.2.2: what is sent to proxies; whatever `Host` says."""
    response = server.ask("GET", target, headers={"Host": host})
    assert response.status == status and (status == 200 or response.error)


def test_a_post_to_a_whole_url_is_of_its_own_page_only(server: Served) -> None:
    for origin, status in (("http://localhost:1", 200), ("http://evil.example", 403)):
        headers = {"Host": "evil.example", "Origin": origin}
        assert server.ask("POST", "http://localhost:1/classify", jpeg(1), headers).status == status
