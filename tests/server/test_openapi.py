"""The OpenAPI description, and schemathesis, which sends what it allows and what it does not."""

import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from helpers.serving import Served, served
from PIL import Image

from inception_hub.server.json_body import decode_photo
from inception_hub.server.openapi import EXAMPLE_PHOTO, json_object, request_body


@pytest.fixture(scope="module")
def server(small_module: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("INCEPTION_HUB_CACHE", str(tmp_path_factory.mktemp("cache")))
        with served(small_module, idle_seconds=60) as client:
            yield client


def test_every_request_is_described_with_an_example(server: Served) -> None:
    paths = server.get("/openapi.json").json["paths"]
    posts = {path: methods["post"] for path, methods in paths.items() if "post" in methods}
    assert {"/classify", "/embed", "/v1/models/small:predict", "/v2/models/small/infer"} <= set(posts)
    assert "requestBody" not in posts.pop("/v2/repository/index")  # nothing of one is heeded
    for path, post in posts.items():
        content = post["requestBody"]["content"]
        assert "4XX" in post["responses"] and "422" not in post["responses"], path
        if "application/json" in content:
            response = server.post(path, json.dumps(content["application/json"]["example"]).encode())
            assert response.status == 200, (path, response.content)
        else:
            assert (
                "image/jpeg" in content and post["responses"]["200"]["content"]["application/json"]["example"]
            )


def test_the_example_is_a_photo_and_a_body_is_described_whole() -> None:
    assert Image.open(io.BytesIO(decode_photo(EXAMPLE_PHOTO))).size == (1, 1)
    content = json_object({"a": {"type": "string"}}, {"a": "b"}, required=["a"])
    assert request_body(content, description="A body") == {
        "requestBody": {
            "required": True,
            "description": "A body",
            "content": {
                "application/json": {
                    "schema": {
                        "type": "object",
                        "properties": {"a": {"type": "string"}},
                        "required": ["a"],
                    },
                    "example": {"a": "b"},
                }
            },
        }
    }


@pytest.mark.slow
def test_schemathesis(server: Served, tmp_path: Path) -> None:
    """No answer outside the description, none of 500; but a description cannot say what is a photo."""
    done = subprocess.run(
        [sys.executable, "-m", "schemathesis.cli", "run", f"{server.url}/openapi.json"]
        + ["--exclude-checks", "positive_data_acceptance", "--max-examples", "5", "--seed", "1"]
        + ["--phases", "examples,coverage,fuzzing", "--generation-database", ":memory:", "--no-color"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONWARNINGS": "default"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Tested: " in done.stdout
