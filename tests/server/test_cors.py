"""What browsers ask before they send a page's request is refused in a sentence, too."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from helpers.serving import Served, served

from inception_hub.server.hosts import AllowedHosts

ORIGIN = "https://photos.example"


@pytest.fixture(scope="module")
def open_server(small_module: Path) -> Iterator[Served]:
    with served(small_module, hosts=AllowedHosts(origins=[ORIGIN])) as client:
        yield client


@pytest.mark.parametrize(
    ("origin", "method", "reason"),
    [("https://other.example", "POST", "origin"), ("null", "GET", "origin"), (ORIGIN, "PUT", "method")],
)
def test_refusals_are_sentences(open_server: Served, origin: str, method: str, reason: str) -> None:
    asked = {"Origin": origin, "Access-Control-Request-Method": method}
    response = open_server.ask("OPTIONS", "/classify", headers=asked)
    assert response.status == 400 and response.headers["content-type"] == "application/json"
    assert f"(Disallowed CORS {reason})" in response.error and "--allow-origin" in response.error
    allowed = response.headers.get("access-control-allow-origin")
    assert (allowed == ORIGIN) == (origin == ORIGIN) and "Origin" in response.headers["vary"]


def test_an_allowed_page_may_go_on(open_server: Served) -> None:
    asked = {"Origin": ORIGIN, "Access-Control-Request-Method": "POST"}
    response = open_server.ask("OPTIONS", "/classify", headers=asked)
    assert response.status == 200 and response.headers["access-control-allow-origin"] == ORIGIN
