"""`serve` on a Ray cluster: the answers of one machine's server, whatever dies."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from helpers.clusters import processes
from helpers.serving import Served, jpeg, multipart, served, wait_until

import inception_hub as hub

pytestmark = [pytest.mark.ray, pytest.mark.filterwarnings("default")]
PORT = 8617


@pytest.fixture(scope="module")
def replicated(cluster: Any, small_module: Path) -> Iterator[tuple[Served, "subprocess.Popen[str]"]]:
    command = [sys.executable, "-m", "inception_hub", "serve", "--module", str(small_module)]
    server = subprocess.Popen(
        [*command, "--port", str(PORT), "--limit", "images=3", "--ray", cluster.address],
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert server.stderr is not None
        lines = []
        while "Listening on" not in "".join(lines):
            line = server.stderr.readline()
            assert line, lines
            lines.append(line)
        yield Served(hub.Module(small_module), PORT), server
    finally:
        server.send_signal(signal.SIGTERM)
        with server:
            assert server.wait(60) == 0


def test_the_same_answers_as_one_server(replicated: Any, small_module: Path) -> None:
    together, _ = replicated
    with served(small_module) as alone:
        for path in ("/classify?top=3", "/embed", "/explain"):
            for body in (jpeg(1), jpeg(2, 300, 200), b"no photo"):
                ours, theirs = alone.post(path, body), together.post(path, body)
                assert (ours.status, ours.content) == (theirs.status, theirs.content)
        for path in (
            "/v2",
            "/v2/models/small",
            "/v1/models/small/metadata",
            "/v2/health/ready",
            "/",
            "/nothing",
        ):
            ours, theirs = alone.get(path), together.get(path)
            assert (ours.status, ours.content) == (theirs.status, theirs.content)
        large = bytes(40 << 20)
        assert together.post("/classify", large).error == alone.post("/classify", large).error


def test_replicas_keep_to_the_limits(replicated: Any) -> None:
    together, _ = replicated
    body, kind = multipart({str(i): jpeg(i) for i in range(4)})
    response = together.post("/classify", body, content_type=kind)
    assert response.status == 413 and "more than 3 parts" in response.error


def test_a_replica_that_dies_is_replaced(replicated: Any, cluster: Any) -> None:
    together, server = replicated
    answer = together.post("/classify", jpeg(1)).content
    nodes = [cluster.head_node, *cluster.worker_nodes]
    (replica,) = [
        pid for node in nodes for pid, name in processes(node) if name.startswith("ray::ServeReplica")
    ]
    os.kill(replica, signal.SIGKILL)
    wait_until(lambda: not Path(f"/proc/{replica}").exists())
    wait_until(lambda: together.post("/classify", jpeg(1)).content == answer, 120)
    assert server.poll() is None


def test_what_is_under_way_at_the_end_is_answered(replicated: Any) -> None:
    """The last test of this server."""
    together, server = replicated
    photo = jpeg(1)
    expected = together.post("/classify", photo).content
    with together.connect() as connection:
        connection.sendall(
            b"POST /classify HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % len(photo)
        )
        connection.sendall(photo[:100])
        assert together.get("/v2").status == 200  # by when the other has reached the replica too
        server.send_signal(signal.SIGTERM)
        wait_until(lambda: together.get("/v2").status != 200)
        connection.sendall(photo[100:])
        answer = b""
        while expected not in answer:
            received = connection.recv(1 << 16)
            assert received, answer
            answer += received
    assert answer.startswith(b"HTTP/1.1 200")
    assert server.wait(60) == 0
