"""The service: photos and images that are refused, modules without classes, and a server not yet warm."""

import base64
import io
import re
import struct
import threading
import zlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from helpers.serving import Served, jpeg, multipart, served, wait_until
from PIL import Image

from inception_hub import bundle
from inception_hub.server.service import Service

MODEL = "/v1/models/small"
FEATURES = "image_feature_vector"
TEXT = {"b64": base64.b64encode(jpeg(1)).decode()}


def png_header(width: int, height: int) -> bytes:
    """A PNG that claims to be large and holds nothing."""
    head = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunk = struct.pack(">I", 13) + head + struct.pack(">I", zlib.crc32(head))
    return (
        b"\x89PNG\r\n\x1a\n" + chunk + struct.pack(">I", 0) + b"IDAT" + struct.pack(">I", zlib.crc32(b"IDAT"))
    )


def bomb() -> bytes:
    """36 megapixels in a few kilobytes."""
    file = io.BytesIO()
    Image.new("1", (6000, 6000)).save(file, "PNG")
    return file.getvalue()


@pytest.mark.usefixtures("unharmed")
@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "is empty; give a JPEG"),
        (b"GIF89a", "damaged|no readable image"),
        (b"%PDF-1.4\n", "no readable image"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "no readable image"),
        (b"http://169.254.169.254/latest", "no readable image"),
        (jpeg(1)[:-200], "damaged"),
        (png_header(60_000, 60_000), "pixels"),
        (bomb(), "6000 x 6000 pixels"),
    ],
    ids=["nothing", "gif", "pdf", "svg", "url", "truncated", "header", "bomb"],
)
def test_bad_photos(strict_server: Served, body: bytes, says: str) -> None:
    for path in ("/classify", "/embed"):
        response = strict_server.post(path, body)
        assert response.status == 400 and re.search(says, response.error)
    text = {"b64": base64.b64encode(body).decode()}
    response = strict_server.post(f"{MODEL}:predict", {"instances": [TEXT, text]})
    assert response.status == 400 and re.search(says, response.error)


@pytest.mark.usefixtures("unharmed")
def test_values_that_are_no_images_are_refused(server: Served) -> None:
    for value, says in (
        (7.0, r"values from 7 to 7; .*: divide pixels in \[0, 255\] by 255"),
        (1e30, r"values from 1e\+30 to 1e\+30; "),
        (-1.5, r"values from -1.5 to -1.5; expected float32 .* in \[0, 1\]\.$"),
    ):
        images = np.full((1, 64, 64, 3), value).tolist()
        response = server.post(f"{MODEL}:predict", {"instances": images})
        assert response.status == 400 and re.search(says, response.error), response.error
    response = server.post(f"{MODEL}:predict", {"instances": np.zeros((1, 32, 32, 3)).tolist()})
    assert response.status == 400 and "[n, 64, 64, 3]" in response.error


@pytest.mark.usefixtures("unharmed")
def test_more_images_than_a_request_may_hold(strict_server: Served) -> None:
    body, kind = multipart({str(i): jpeg(i) for i in range(5)})
    response = strict_server.post("/classify", body, content_type=kind)
    assert response.status == 413 and "more than 4 parts" in response.error
    response = strict_server.post(f"{MODEL}:predict", {"instances": [TEXT] * 5})
    assert response.status == 413 and "5 images" in response.error


def test_a_feature_vector_module_has_no_classes(small_module: Path, tmp_path: Path) -> None:
    bundle.write(bundle.read(small_module).without_head(), tmp_path / "features")
    with served(tmp_path / "features") as server:
        assert server.post("/classify", jpeg(1)).status == 404
        assert len(server.post("/embed", jpeg(1)).json["vector"]) == 256
        text = {"b64": base64.b64encode(jpeg(1)).decode()}
        assert len(server.post(f"{MODEL}:predict", {"instances": [text]}).json["predictions"][0]) == 256
        outputs = server.get("/v2/models/small").json["outputs"]
        assert [output["name"] for output in outputs] == [FEATURES]


def test_answers_that_are_no_numbers_are_refused(small_module: Path, tmp_path: Path) -> None:
    made = bundle.read(small_module)
    name = "InceptionV2/Logits/Conv2d_1c_1x1/weights"
    huge = {**made.weights, name: np.full_like(made.weights[name], 3e38)}
    bundle.write(replace(made, weights=huge), tmp_path / "huge")
    text = {"b64": base64.b64encode(jpeg(1)).decode()}
    with served(tmp_path / "huge") as server:
        for response in (
            server.post("/classify", jpeg(1)),
            server.post("/explain", jpeg(1)),
            server.post(f"{MODEL}:predict", {"instances": [text]}),
        ):
            assert response.status == 400 and "small computed numbers that are not finite" in response.error
        assert len(server.post("/embed", jpeg(1)).json["vector"]) == 256


def test_until_it_is_warm_a_server_says_so(small_module: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    compiled, warm_up = threading.Event(), Service.warm_up

    def slow(service: Service) -> None:
        compiled.wait()
        warm_up(service)

    monkeypatch.setattr(Service, "warm_up", slow)
    with served(small_module, warm=False) as server:
        try:
            for path in ("/v2/health/ready", "/v2/models/small/ready", "/v2/models/small/versions/1/ready"):
                response = server.get(path)
                assert response.status == 503 and "not ready" in response.error
            assert server.get("/v2/health/live").json == {"live": True}
            assert server.get(MODEL).json["model_version_status"][0]["state"] == "LOADING"
            for path in ("/classify", f"{MODEL}:predict", "/v2/models/small/infer"):
                response = server.post(path, jpeg(1))
                assert response.status == 503 and "still warming up" in response.error
                assert response.headers["retry-after"] == "1"
        finally:
            compiled.set()
        wait_until(lambda: server.get("/v2/models/small/ready").status == 200)
        assert server.get(MODEL).json["model_version_status"][0]["state"] == "AVAILABLE"
        assert server.post("/classify", jpeg(1)).status == 200
