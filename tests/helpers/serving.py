"""A server in a thread of this process on a free port, a client, and what the command line would give."""

import http.client
import io
import json
import re
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import inception_hub as hub
from inception_hub.inference.decoding import Photo
from inception_hub.inference.options import Options
from inception_hub.inference.pipeline import infer
from inception_hub.inference.row import Kind
from inception_hub.output.rows import as_record
from inception_hub.server.app import make_app, make_server
from inception_hub.server.hosts import AllowedHosts
from inception_hub.server.limits import Limits


@dataclass(frozen=True)
class Response:
    status: int
    headers: Mapping[str, str]
    content: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.content)

    @property
    def error(self) -> str:
        """The sentence of an error response, which holds nothing else."""
        assert set(self.json) == {"error"}
        sentence = self.json["error"]
        assert sentence.endswith(".") and "Traceback" not in sentence and len(sentence) < 400
        return sentence


@dataclass(frozen=True)
class Served:
    module: hub.Module
    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def ask(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Response:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, body, dict(headers or {}))
            response = connection.getresponse()
            lower = {name.lower(): value for name, value in response.getheaders()}
            return Response(response.status, lower, response.read())
        finally:
            connection.close()

    def get(self, path: str) -> Response:
        return self.ask("GET", path)

    def post(self, path: str, body: Any, **headers: str) -> Response:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.ask("POST", path, content, {k.replace("_", "-"): v for k, v in headers.items()})

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=30)


@contextmanager
def served(
    path: Path | str,
    *,
    warm: bool = True,
    hosts: AllowedHosts | None = None,
    prefix: str = "",
    buffer: int | None = None,
    **limits: Any,
) -> Iterator[Served]:
    """A server, warmed up unless it is not to be waited for, ended with the block.

    `buffer`: the bytes of a connection that the system may hold before they are read, as far as it heeds it.
    """
    module = hub.Module(path)
    server = make_server(make_app(module, Limits(**limits), hosts, prefix), Limits(**limits))
    listener = socket.create_server(("127.0.0.1", 0))
    if buffer is not None:  # of the connections that it will take, too
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, buffer)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        client = Served(module, listener.getsockname()[1])
        if warm:
            wait_until(lambda: client.get("/v2/health/ready").status == 200)
        yield client
    finally:
        server.should_exit = True
        thread.join()


def wait_until(condition: Any, seconds: float = 60) -> None:
    """Polls: what is waited for lies in another thread or process."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def jpeg(seed: int, width: int = 80, height: int = 60) -> bytes:
    """A photo of soft noise."""
    small = np.random.default_rng(seed).integers(0, 255, (6, 8, 3), np.uint8)
    file = io.BytesIO()
    Image.fromarray(small).resize((width, height), Image.Resampling.BICUBIC).save(file, "JPEG")
    return file.getvalue()


def multipart(parts: Mapping[str, bytes]) -> tuple[bytes, str]:
    """A body and its content type."""
    boundary = "b0undary"
    body = b"".join(
        f'--{boundary}\r\nContent-Disposition: form-data; name="photos"; filename="{name}"\r\n\r\n'.encode()
        + content
        + b"\r\n"
        for name, content in parts.items()
    )
    return body + f"--{boundary}--\r\n".encode(), f"multipart/form-data; boundary={boundary}"


def status_of(client: socket.socket) -> int:
    """The status of the next response, which is read whole; 0 where the server closed without one."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        if not (byte := client.recv(1)):
            return 0
        head += byte
    length = re.search(rb"(?i)\r\ncontent-length: (\d+)", head)
    left = int(length[1]) if length else 0
    while left and (body := client.recv(left)):
        left -= len(body)
    return int(head.split()[1])


def offline(module: hub.Module, photos: dict[str, bytes], kind: Kind = "predictions") -> list[dict]:
    """The records that the command line gives for `photos`, by name."""
    given = [Photo(name, content) for name, content in photos.items()]
    return [as_record(answer.row) for answer in infer(module, given, Options(kind=kind))]


def refuses(client: Served) -> bool:
    """Whether nobody takes connections any more."""
    try:
        client.connect().close()
    except OSError:
        return True
    return False


def assert_same(record: dict, expected: dict) -> None:
    """Equal but for the last digits, which depend on what else was in the batch."""
    assert set(record) == set(expected)
    assert [record["path"], record["module"]] == [expected["path"], expected["module"]]
    assert record.get("vector", []) == pytest.approx(expected.get("vector", []), rel=1e-5, abs=1e-6)
    for one, other in zip(record.get("predictions", []), expected.get("predictions", []), strict=True):
        assert (one["label"], one["index"]) == (other["label"], other["index"])
        assert one["probability"] == pytest.approx(other["probability"], rel=1e-5)
