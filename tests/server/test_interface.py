"""The page at `/docs`: every route of the description, with a call that works; nothing of it is markup."""

import json
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
from helpers.pages import Page
from helpers.serving import Served, jpeg

from inception_hub.server.interface import interface_page


def test_every_route_is_there_with_its_parameters(server: Served) -> None:
    response = server.get("/docs")
    assert response.status == 200 and response.headers["content-type"] == "text/html; charset=utf-8"
    page = Page(response.content.decode())
    description = server.get("/openapi.json").json
    routes = [
        f"{method.upper()} {path}" for path, methods in description["paths"].items() for method in methods
    ]
    assert [f"{method} {path}" for method, path in _headings(page)] == routes and len(routes) > 15
    limits = [text.rpartition(": ")[2] for text in page.texts("dd")]
    assert "a whole number from 1 to 1,000" in limits and "a number above 0 and below 1" in limits
    assert "a whole number from 1 to 20, 5 by default" in limits
    assert set(page.texts("h2")) >= {"Plain", "TensorFlow Serving", "Open Inference Protocol", "Page"}


def _headings(page: Page) -> list[tuple[str, str]]:
    """The method and path of each route."""
    texts = [(tag, "".join(text)) for tag, _, text in page.elements]
    heads = [place for place, (tag, _) in enumerate(texts) if tag == "h3"]
    return [(texts[place + 1][1], texts[place + 2][1]) for place in heads]


def test_every_call_works_as_it_stands(server: Served, tmp_path: Path) -> None:
    """With the address that the client used."""
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    (tmp_path / "cat.jpg").write_bytes(jpeg(1))
    page = Page(server.get("/docs").content.decode())
    calls = [text for text in page.texts("code") if text.startswith("curl ")]
    assert len(calls) == len(page.texts("b"))
    for call in calls:
        assert f"http://127.0.0.1:{server.port}/" in call
        command = [*shlex.split(call), "-s", "-o", "/dev/null", "-w", "%{http_code}"]
        assert subprocess.check_output(command, cwd=tmp_path, text=True) == "200", call


def test_calls_go_where_a_proxy_has_the_server() -> None:
    operation = {"tags": ["plain"], "summary": "Is it there?", "responses": {"200": {}}}
    info = {"title": "a", "description": "b", "version": "1"}
    description = {"info": info, "servers": [{"url": "/photos"}], "paths": {"/card": {"get": operation}}}
    page = Page(interface_page(description, "https://example.org"))
    assert "curl https://example.org/photos/card" in page.texts("code")


def test_examples_of_responses_are_json(server: Served) -> None:
    page = Page(server.get("/docs").content.decode())
    examples = [json.loads(text) for text in page.texts("code") if text.startswith("{\n")]
    assert {key for example in examples for key in example} >= {"predictions", "vector", "path"}


def test_nothing_comes_from_elsewhere_and_texts_are_texts(server: Served) -> None:
    page = Page(server.get("/docs").content.decode())
    links = [a["href"] for a in page.attributes("link")] + [a["href"] for a in page.attributes("a")]
    assert set(links) >= {"page.css", "openapi.json", "./"}
    assert not any("://" in (link or "") for link in links) and not page.attributes("script")
    hostile = "<script>alert(1)</script>"
    operation = {
        "tags": [hostile],
        "summary": hostile,
        "parameters": [{"name": hostile, "schema": {"type": "string", "default": hostile}}],
        "responses": {"200": {"content": {"application/json": {"example": {hostile: 1}}}}},
    }
    html = interface_page(
        {
            "info": {"title": hostile, "description": hostile, "version": hostile},
            "paths": {"/a'b": {"get": operation}},
        },
        "http://127.0.0.1:1'; ls",
    )
    assert "<script" not in html
    (call,) = [text for text in Page(html).texts("code") if text.startswith("curl ")]
    assert shlex.split(call) == ["curl", "http://127.0.0.1:1'; ls/a'b"]
