"""Requests that make no sense, each answered with one sentence of what is accepted."""

import base64
import io
import json
import re
import struct
import zlib
from typing import Any

import numpy as np
import pytest
from helpers.serving import Served, jpeg
from PIL import Image

pytestmark = pytest.mark.usefixtures("unharmed")
MODEL = "/v1/models/small:predict"
INFER = "/v2/models/small/infer"
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


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "no readable image"),
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
def test_bad_photos(server: Served, body: bytes, says: str) -> None:
    for path in ("/classify", "/embed"):
        found = server.post(path, body)
        assert found.status == 400 and re.search(says, found.error)
    text = {"b64": base64.b64encode(body).decode()}
    found = server.post(MODEL, {"instances": [TEXT, text]})
    assert found.status == 400 and re.search(says, found.error)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", "multipart/form-data"),
        (b"", "multipart/form-data; boundary=x"),
        (b"no boundary here", "multipart/form-data; boundary=x"),
        (
            b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\ntext\r\n--x--\r\n',
            "multipart/form-data; boundary=x",
        ),
        (b"--x\r\nContent-Disposition: form-data\r\n\r\n", "multipart/mixed; boundary=x"),
        (b"--x\r\n" + b"A: b\r\n" * 5000, "multipart/form-data; boundary=x"),
    ],
)
def test_bad_multipart(server: Served, body: bytes, kind: str) -> None:
    found = server.post("/classify", body, content_type=kind)
    assert found.status == 400 and found.error


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[1]",
        b"{",
        b"\xff\xfe{}",
        b'{"instances": NaN}',
        b'{"instances": [1e999]}',
        b'{"instances": 1' + b"0" * 5000 + b"}",
        b"{}",
        b'{"instances": []}',
        b'{"instances": {}}',
        b'{"instances": [{}]}',
        b'{"instances": [{"b64": 1}]}',
        b'{"instances": [{"b64": "***"}]}',
        b'{"instances": [{"b64": "AAAA", "url": "file:///etc/passwd"}]}',
        b'{"instances": [[1, 2], [3]]}',
        b'{"instances": [[[["a"]]]]}',
        b'{"instances": [[[[0.5, 0.5, 0.5]]]]}',
        b'{"instances": [[[[0.5]]]], "inputs": 1}',
        b'{"inputs": {"images": [], "more": 1}}',
        b'{"inputs": {"b64": "AAAA"}, "signature_name": "none"}',
        b'{"inputs": {"b64": "AAAA"}, "signature_name": 7}',
        b'{"inputs": {"b64": "AAAA"}, "model": "../../etc"}',
        b'{"inputs": {"images": {"b64": "AAAA"}, "batch_norm_momentum": 7},'
        b' "signature_name": "image_classification_with_bn_hparams"}',
    ],
)
def test_bad_tensorflow_serving_requests(server: Served, body: bytes) -> None:
    for path in (MODEL, MODEL.replace("predict", "classify"), INFER):
        found = server.post(path, body)
        assert found.status == 400 and found.error


def test_images_that_are_none(server: Served) -> None:
    for value, says in (
        (7.0, r"values from 7 to 7; .*: divide pixels in \[0, 255\] by 255"),
        (1e30, r"values from 1e\+30 to 1e\+30; "),
        (-1.5, r"values from -1.5 to -1.5; expected float32 .* in \[0, 1\]\.$"),
    ):
        images = np.full((1, 64, 64, 3), value).tolist()
        found = server.post(MODEL, {"instances": images})
        assert found.status == 400 and re.search(says, found.error), found.error
    found = server.post(MODEL, {"instances": np.zeros((1, 32, 32, 3)).tolist()})
    assert found.status == 400 and "[n, 64, 64, 3]" in found.error


def test_json_that_is_deep_or_of_endless_lists(server: Served) -> None:
    found = server.post(MODEL, b'{"instances":' + b"[" * 400_000)
    assert found.status == 413 and "lists and objects" in found.error
    found = server.post(MODEL, b'{"instances":' + b"[" * 5_000)
    assert found.status == 413 and "5,001 levels deep" in found.error
    found = server.post(MODEL, b'{"instances":[' + b"[]," * 100_000 + b"0]}")
    assert found.status == 413 and "lists and objects" in found.error
    inside_a_string = json.dumps({"instances": [{"b64": "[" * 5000 + '\\"{'}]}).encode()
    assert "base64" in server.post(MODEL, inside_a_string).error


@pytest.mark.parametrize(
    ("change", "header", "behind"),
    [
        ({"shape": [1, 64, 64]}, None, b""),
        ({"shape": [-1, 64, 64, 3]}, None, b""),
        ({"shape": [2**31]}, None, b""),
        ({"shape": [2**30] * 5}, None, b""),
        ({"shape": [True]}, None, b""),
        ({"datatype": "UINT8"}, None, b""),
        ({"datatype": None}, None, b""),
        ({"name": "other"}, None, b""),
        ({"data": "AAAA"}, None, b""),
        ({"data": {"a": 1}}, None, b""),
        ({"parameters": {"shared_memory_region": "x"}}, None, b""),
        ({"parameters": {"binary_data_size": 4}}, None, b""),
        ({"parameters": {"binary_data_size": -1}, "data": None}, "auto", b"abc"),
        ({"parameters": {"binary_data_size": 10**30}}, "auto", b"abc"),
        ({}, "auto", b"abc"),
        ({}, "99999", b""),
        ({}, "-1", b""),
        ({}, "1" * 5000, b""),
        ({}, "x", b""),
    ],
)
def test_bad_inference_requests(
    server: Served, change: dict[str, Any], header: str | None, behind: bytes
) -> None:
    tensor = {"name": "images", "datatype": "FP32", "shape": [1, 64, 64, 3], "data": [0.5] * (64 * 64 * 3)}
    body = json.dumps({"inputs": [tensor | change]}).encode()
    headers = {}
    if header:
        headers["Inference_Header_Content_Length"] = str(len(body)) if header == "auto" else header
    found = server.post(INFER, body + behind, **headers)
    assert found.status == 400 and found.error


def test_binary_texts_that_claim_more_than_there_is(server: Served) -> None:
    for binary in (b"abc", struct.pack("<I", 2**32 - 1), struct.pack("<I", 5) + b"abcd"):
        tensor = {"name": "images", "datatype": "BYTES", "shape": [1]}
        tensor["parameters"] = {"binary_data_size": len(binary)}
        body = json.dumps({"inputs": [tensor]}).encode()
        found = server.post(INFER, body + binary, Inference_Header_Content_Length=str(len(body)))
        assert found.status == 400 and "ends within" in found.error


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/classify", 405),
        ("POST", "/", 405),
        ("POST", "/v1/models/other:predict", 404),
        ("POST", "/v1/models/small:regress", 404),
        ("POST", "/v2/repository/models/x/load", 404),
        ("POST", "/v2/models/..%2f..%2fetc/infer", 404),
        ("GET", "/../../etc/passwd", 404),
        ("GET", "/page.py", 404),
        ("GET", "/docs", 404),
        ("DELETE", "/v1/models/small", 405),
    ],
)
def test_what_is_not_there(server: Served, method: str, path: str, status: int) -> None:
    found = server.ask(method, path)
    assert found.status == status and found.error


def test_query_values(server: Served) -> None:
    for value in ("0", "-1", "1001", "x", "", "1e3"):
        found = server.post(f"/classify?top={value}", jpeg(1))
        assert found.status == 400 and "top" in found.error
