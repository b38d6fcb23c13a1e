"""The OpenAPI description, and schemathesis, which sends what it allows and what it does not."""

import importlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from serving import Served, served

schemathesis = importlib.import_module("schemathesis")


@pytest.fixture(scope="module")
def server(small_module: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("INCEPTION_HUB_CACHE", str(tmp_path_factory.mktemp("cache")))
        with served(small_module, idle_seconds=60) as found:
            yield found


def test_every_request_is_described_with_an_example(server: Served) -> None:
    paths = server.get("/openapi.json").json["paths"]
    posts = {path: methods["post"] for path, methods in paths.items() if "post" in methods}
    assert {"/classify", "/embed", "/v1/models/small:predict", "/v2/models/small/infer"} <= set(posts)
    for path, post in posts.items():
        content = post["requestBody"]["content"]
        assert "application/octet-stream" in content or "example" in content["application/json"], path
        assert "4XX" in post["responses"] and "422" not in post["responses"], path
