"""The page's files as they are served: their kinds, and a policy that lets nothing else in."""

import json
import re
import shutil
from pathlib import Path

import pytest
from helpers.serving import Served, served

KINDS = {"/": "text/html", "/page.css": "text/css", "/page.js": "text/javascript"}


@pytest.mark.parametrize("path", KINDS)
def test_files_and_their_policy(server: Served, path: str) -> None:
    response = server.get(path)
    assert response.status == 200 and response.content
    assert response.headers["content-type"] == f"{KINDS[path]}; charset=utf-8"
    assert response.headers["x-content-type-options"] == "nosniff"
    assert (response.headers["referrer-policy"], response.headers["cache-control"]) == (
        "no-referrer",
        "no-cache",
    )
    policy = dict(part.split(" ", 1) for part in response.headers["content-security-policy"].split("; "))
    assert policy["default-src"] == policy["base-uri"] == policy["frame-ancestors"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert policy["img-src"] == "'self' blob: data:" and policy["form-action"] == "'none'"


def test_the_page_asks_for_its_own_files_alone(server: Served) -> None:
    html = server.get("/").content.decode()
    assert set(re.findall(r'(?:src|href)="([^"]*)"', html)) >= {"page.css", "page.js", "data:,"}
    text = "".join(server.get(path).content.decode() for path in KINDS)
    assert not re.search(r"https?://(?!www\.w3\.org)", text)


def test_the_modules_card(server: Served) -> None:
    card = server.get("/card").json
    bundle = server.module.spec.bundle
    assert (card["name"], card["classes"], card["image_size"]) == ("small", 10, [64, 64])
    assert card["parameters"] == bundle.architecture.num_parameters()
    assert (card["precision"], card["licence"], card["source"]) == ("f32", "Apache-2.0", "random numbers")


def test_a_card_whose_figures_json_cannot_hold(small_module: Path, tmp_path: Path) -> None:
    shutil.copytree(small_module, tmp_path / "module")
    manifest = json.loads((tmp_path / "module" / "module.json").read_text())
    nested: list = []
    for _ in range(500):
        nested = [nested]
    manifest["accuracy"] = [{"data": "x", "top1": 0.5, "top5": float("inf"), "images": 7, "more": nested}]
    (tmp_path / "module" / "module.json").write_text(
        json.dumps(manifest).replace("Infinity", "1e400")  # the first is refused, the second is read as it
    )
    with served(tmp_path / "module") as server:
        accuracy = server.get("/card").json["accuracy"]
    assert accuracy == [{"data": "x", "top1": 0.5, "top5": None, "images": 7}]
