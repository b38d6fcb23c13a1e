"""Clients of other projects, as they are: KServe's SDK, Triton's, requests (`make clients`), and curl."""

import gzip
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers.places import ROOT
from helpers.serving import Served, jpeg

SCRIPT = ROOT / "tests" / "helpers" / "foreign_clients.py"


@pytest.mark.clients
def test_the_clients_of_other_projects(server: Served, tmp_path: Path) -> None:
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(jpeg(5))
    python = ROOT / ".venv-clients" / "bin" / "python"
    done = subprocess.run([python, SCRIPT, str(server.port), "small", photo], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-4000:]
    found: dict[str, dict[str, Any]] = json.loads(done.stdout.splitlines()[-1])
    expected = server.post("/classify?top=1000", photo.read_bytes()).json["predictions"]
    probabilities = [each["probability"] for each in sorted(expected, key=lambda each: each["index"])]
    for client, names in {"kserve": ("JSON", "binary"), "triton": ("binary", "JSON", "gzip")}.items():
        for name in ("live", "ready", "model ready"):
            assert found[client][name] is True
        for name in names:
            np.testing.assert_allclose(
                found[client][name], probabilities, rtol=1e-5, err_msg=f"{client} {name}"
            )
    assert found["triton"]["metadata"] == "small" and found["triton"]["config"] == 32
    assert found["triton"]["index"] == [{"name": "small", "version": "1", "state": "READY"}]
    assert found["triton"]["statistics"] >= 5
    labels = {each["label"]: each["probability"] for each in expected}
    for name in ("plain", "without padding", "lines", "MIME", "for URLs"):
        assert found["requests"][name] == pytest.approx(labels, rel=1e-5), name
    assert (found["requests"]["gzip"], found["requests"]["head"]) == (expected[0]["label"], 200)


def test_curl(server: Served, tmp_path: Path) -> None:
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    photo, compressed = tmp_path / "photo.jpg", tmp_path / "photo.jpg.gz"
    photo.write_bytes(jpeg(5))
    compressed.write_bytes(gzip.compress(photo.read_bytes()))
    expected = server.post("/classify", photo.read_bytes()).json

    def curl(*arguments: str) -> str:
        command = ["curl", "--silent", "--show-error", "--fail", *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    ways = {
        "body": ("--data-binary", f"@{photo}"),
        "chunks": ("--data-binary", f"@{photo}", "--header", "Transfer-Encoding: chunked"),
        "gzip": ("--data-binary", f"@{compressed}", "--header", "Content-Encoding: gzip"),
        "HTTP/1.0": ("--http1.0", "--data-binary", f"@{photo}"),
        "waits for 100": ("--data-binary", f"@{photo}", "--header", "Expect: 100-continue"),
    }
    for name, way in ways.items():
        assert json.loads(curl(*way, f"{server.url}/classify")) == expected, name
    several = json.loads(curl("--form", f"a=@{photo}", "--form", f"b=@{photo}", f"{server.url}/classify"))
    assert [each["predictions"] for each in several] == [expected["predictions"]] * 2
    assert curl("--head", f"{server.url}/v2/").startswith("HTTP/1.1 200 OK")
