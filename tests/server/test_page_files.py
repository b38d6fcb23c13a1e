"""The page's files as they are served: their kinds, and a policy that lets nothing else in."""

import io
import json
import re
import runpy
import shutil
from pathlib import Path

import numpy as np
import pytest
from helpers.serving import Served, served
from PIL import Image

import inception_hub as hub

SCRIPTS = ("page", "request", "folders", "heatmaps", "markdown")
KINDS = {
    "/": "text/html; charset=utf-8",
    "/docs": "text/html; charset=utf-8",
    "/page.css": "text/css; charset=utf-8",
    "/example.jpg": "image/jpeg",
    **{f"/{name}.js": "text/javascript; charset=utf-8" for name in SCRIPTS},
}
ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("path", KINDS)
def test_files_and_their_policy(server: Served, path: str) -> None:
    response = server.get(path)
    assert response.status == 200 and response.content
    assert response.headers["content-type"] == KINDS[path]
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
    text = "".join(server.get(path).content.decode() for path in ("/", "/page.css"))
    scripts = "".join(server.get(f"/{name}.js").content.decode() for name in SCRIPTS)
    assert not re.search(r"https?://(?!www\.w3\.org)", text + scripts)
    assert set(re.findall(r'from "\./(\w+)\.js"', scripts)) <= set(SCRIPTS)
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", scripts)


def test_the_example_is_drawn_by_us_and_the_module_knows_it(server: Served) -> None:
    """Both fruits come first, and a small drawing by the script is the file made small."""
    content = server.get("/example.jpg").content
    (row,) = hub.classify(content, "tiny_imagenet", top=2)
    assert {each.label for each in row.predictions or ()} == {"lemon", "orange"}
    assert not server.get("/card").json["knows_example"]  # classes a to j
    script = runpy.run_path(str(ROOT / "recipes" / "example_photo.py"))
    size = (60, 45)
    drawn = np.asarray(script["picture"](*size), np.int32)
    with Image.open(io.BytesIO(content)) as picture:
        assert picture.size == (script["WIDTH"], script["HEIGHT"])
        stored = np.asarray(picture.resize(size, Image.Resampling.BOX), np.int32)
    assert np.abs(drawn - stored).mean() < 6


def test_the_modules_card(server: Served) -> None:
    card = server.get("/card").json
    bundle = server.module.spec.bundle
    assert (card["name"], card["classes"], card["image_size"]) == ("small", 10, [64, 64])
    assert card["parameters"] == bundle.architecture.num_parameters()
    assert (card["most_bytes"], card["formats"].split(",")[0]) == (32 << 20, "JPEG")
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
