"""Hostile and unlucky clients: each gets one sentence in time, and nobody else notices."""

import base64
import io
import json
import re
import socket
import struct
import threading
import time
import zlib
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from serving import Served, jpeg, multipart, served, wait_until

from inception_hub.errors import ArgumentError, OverloadedError
from inception_hub.server.batching import Batcher
from inception_hub.server.limits import Limits
from inception_hub.server.metrics import Metrics

MODEL = "/v1/models/small:predict"
INFER = "/v2/models/small/infer"
TEXT = {"b64": base64.b64encode(jpeg(1)).decode()}


@pytest.fixture(scope="module")
def server(small_module: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("INCEPTION_HUB_CACHE", str(tmp_path_factory.mktemp("cache")))
        with served(
            small_module,
            body_bytes=1 << 20,
            memory_bytes=3 << 20,
            images=4,
            pixels=1_000_000,
            head_seconds=0.5,
            body_seconds=0.5,
            idle_seconds=0.5,
            connections=16,
        ) as found:
            yield found


@pytest.fixture(autouse=True)
def _unharmed(request: pytest.FixtureRequest) -> Iterator[None]:
    """Whatever a test has sent, the next client is answered and nothing is left inside."""
    yield
    if "server" in request.fixturenames:
        server = request.getfixturevalue("server")
        wait_until(lambda: b"inception_hub_photos_inside 0.0" in server.get("/metrics").content)
        assert server.post("/classify", jpeg(1)).status == 200


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


def test_bodies_beyond_the_limit(server: Served) -> None:
    found = server.post("/classify", bytes((1 << 20) + 1))
    assert found.status == 413 and "1,048,576 bytes" in found.error
    with server.connect() as client:  # said beforehand: refused before it is sent
        client.sendall(b"POST /embed HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999\r\n\r\n")
        assert client.recv(100).startswith(b"HTTP/1.1 413")
    with server.connect() as client:  # not said
        client.sendall(b"POST /embed HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
        for _ in range(5):
            client.sendall(b"40000\r\n" + bytes(0x40000) + b"\r\n")
        assert client.recv(100).startswith(b"HTTP/1.1 413")


def test_more_images_than_a_request_may_hold(server: Served) -> None:
    body, kind = multipart({str(i): jpeg(i) for i in range(5)})
    found = server.post("/classify", body, content_type=kind)
    assert found.status == 413 and "more than 4 parts" in found.error
    found = server.post(MODEL, {"instances": [TEXT] * 5})
    assert found.status == 413 and "5 images" in found.error


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


def status_of(client: socket.socket) -> int:
    """Of the next answer; 0 where the server closed without one."""
    found = client.recv(65536)
    return int(found.split()[1]) if found else 0


@pytest.mark.parametrize(
    "head",
    [
        b"\x16\x03\x01\x02\x00",
        b"GET\r\n\r\n",
        b"GET / HTTP/9\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"A" * 70_000,
    ],
    ids=["tls", "short", "version", "no host", "endless"],
)
def test_what_is_no_http(server: Served, head: bytes) -> None:
    with server.connect() as client:
        client.sendall(head)
        assert status_of(client) == 400


PART_OF_A_BODY = b"POST /classify HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc"


@pytest.mark.parametrize(
    "start", [b"", b"POST /classify HTT", PART_OF_A_BODY], ids=["silent", "half a head", "half a body"]
)
def test_slow_requests(server: Served, start: bytes) -> None:
    with server.connect() as client:
        client.sendall(start)
        assert status_of(client) == 408
        while client.recv(100):  # until the server closes
            pass


def test_idle_connections_are_closed(server: Served) -> None:
    with server.connect() as client:
        client.sendall(b"GET /v2 HTTP/1.1\r\nHost: a\r\n\r\n")
        assert status_of(client) == 200
        while client.recv(100):  # until the server closes
            pass


def test_half_sent_requests_leave_nothing_behind(server: Served) -> None:
    for _ in range(20):
        with server.connect() as client:
            client.sendall(b"POST /classify HTTP/1.1\r\nHost: a\r\nContent-Length: 900\r\n\r\n" + bytes(500))


def test_connections_beyond_the_limit(server: Served) -> None:
    wait_until(lambda: server.get("/v2").status == 200)
    clients = [server.connect() for _ in range(16)]
    try:
        with server.connect() as one_more:
            assert status_of(one_more) == 503
    finally:
        for client in clients:
            client.close()
    wait_until(lambda: server.get("/v2").status == 200)


def test_bytes_of_all_requests_beyond_the_limit(server: Served) -> None:
    clients = []
    try:
        for _ in range(4):
            client = server.connect()
            clients.append(client)
            head = b"POST /classify HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n"
            client.sendall(head + bytes(999_000))
        statuses = [status_of(client) for client in clients]
        assert 429 in statuses and set(statuses) <= {429, 408}
    finally:
        for client in clients:
            client.close()


def test_a_full_queue_refuses_at_once_and_recovers(small_module: Path) -> None:
    with served(small_module, queue=2, images=8) as server, ThreadPoolExecutor(24) as clients:
        body, kind = multipart({str(i): jpeg(i) for i in range(3)})
        found = server.post("/classify", body, content_type=kind)
        assert found.status == 429 and found.headers["retry-after"] == "1" and "at most 2" in found.error
        photo = jpeg(1, 3000, 2000)
        found = list(clients.map(lambda _: server.post("/classify", photo), range(24)))
        assert {answer.status for answer in found} == {200, 429}
        assert all(answer.error for answer in found if answer.status == 429)
        wait_until(lambda: server.post("/classify", photo).status == 200)


def test_late_answers_are_not_computed(small_module: Path) -> None:
    with served(small_module, deadline=0.001) as server:
        found = server.post("/classify", jpeg(1, 3000, 2000))
        assert found.status == 503 and "0.001 s" in found.error and found.headers["retry-after"] == "1"
        wait_until(lambda: b"photos_dropped_total 1.0" in server.get("/metrics").content)


def test_photos_of_clients_that_have_left_are_not_computed(small_module: Path) -> None:
    with served(small_module, queue=200, images=100) as server:
        body, kind = multipart(dict.fromkeys(map(str, range(100)), jpeg(1, 2000, 1500)))
        head = f"POST /classify HTTP/1.1\r\nHost: a\r\nContent-Type: {kind}\r\n"
        head += f"Content-Length: {len(body)}\r\n\r\n"
        with server.connect() as client:
            client.sendall(head.encode() + body)
            wait_until(lambda: b"photos_inside 0.0" not in server.get("/metrics").content)
        wait_until(lambda: b"photos_inside 0.0" in server.get("/metrics").content)
        assert b"photos_dropped_total 0.0" not in server.get("/metrics").content


def test_neighbours_never_see_each_other(server: Served) -> None:
    """Many clients at once, good and bad: each gets what its own photo gets alone."""
    photos = [jpeg(i) for i in range(8)]
    alone = [server.post("/classify", photo).json["predictions"] for photo in photos]

    def ask(i: int) -> None:
        if i % 3 == 2:
            assert server.post("/classify", photos[i % 8][:400]).status == 400
            return
        found = server.post("/classify", photos[i % 8])
        assert found.status == 200
        for one, other in zip(found.json["predictions"], alone[i % 8], strict=True):
            assert one["index"] == other["index"]
            assert one["probability"] == pytest.approx(other["probability"], rel=1e-4)

    with ThreadPoolExecutor(8) as clients:
        for _ in clients.map(ask, range(96)):
            pass


def test_one_image_that_breaks_a_batch_breaks_alone() -> None:
    held = threading.Event()
    sizes = []

    def compute(images: np.ndarray) -> list[float]:
        held.wait()
        sizes.append(len(images))
        if images.min() < 0:
            raise ArgumentError("poison.")
        return images.max(axis=(1, 2, 3)).tolist()

    batcher = Batcher({"max": compute}, 40, 2, Metrics())
    try:
        values = [0.0, 0.1, -1.0, 0.3] * 8
        futures = batcher.submit("max", [lambda v=v: np.full((2, 2, 3), v, np.float32) for v in values])
        with pytest.raises(OverloadedError, match="32 photos"):
            batcher.submit("max", [lambda: np.zeros((2, 2, 3), np.float32)] * 9)
        held.set()
        for future, value in zip(futures, values, strict=True):
            if value < 0:
                with pytest.raises(ArgumentError, match="poison"):
                    future.result(30)
            else:
                assert future.result(30) == pytest.approx(value)
        assert max(sizes) == 4
    finally:
        held.set()
        batcher.close()


def test_cancelled_photos_are_neither_decoded_nor_computed() -> None:
    held = threading.Event()
    computed = []

    def compute(images: np.ndarray) -> list[int]:
        computed.append(len(images))
        return [0] * len(images)

    def image() -> np.ndarray:
        held.wait()
        return np.zeros((2, 2, 3), np.float32)

    batcher = Batcher({"zero": compute}, 100, 2, Metrics())
    futures: list[Future[Any]] = batcher.submit("zero", [image] * 100)
    for future in futures[:99]:
        future.cancel()
    held.set()
    assert futures[99].result(30) == 0
    wait_until(lambda: not batcher.full)
    batcher.close()
    assert sum(computed) == 1


def test_limits_are_set_by_name() -> None:
    found = Limits().changed(["queue=7", "deadline=0.5"])
    assert (found.queue, found.deadline, found.images) == (7, 0.5, Limits().images)
    for setting in (
        "nothing=1",
        "queue=0",
        "queue=1.5",
        "queue=",
        "deadline=nan",
        "deadline=inf",
        "deadline=-1",
    ):
        with pytest.raises(ArgumentError, match=setting.partition("=")[0]):
            Limits().changed([setting])


def test_time_is_bounded_for_a_client_that_does_not_read(small_module: Path) -> None:
    with served(small_module, write_seconds=0.3, images=32) as server:
        client = socket.socket()
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.connect(("127.0.0.1", server.port))
        head = b"GET /openapi.json HTTP/1.1\r\nHost: a\r\n\r\n"
        began = time.monotonic()
        with client, pytest.raises(OSError):
            while time.monotonic() - began < 30:
                client.sendall(head * 100)
        assert server.get("/v2").status == 200
