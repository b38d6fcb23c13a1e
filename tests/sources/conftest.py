"""Fixtures of the tests of `sources`: no network, an empty cache, a stand-in for the original."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from helpers.cached import small_bundle
from helpers.resolving import GOLDEN, Server, made_originals
from helpers.responder import Responder
from helpers.tensorflow_writer import pack

from inception_hub import bundle
from inception_hub.sources import original as published


@pytest.fixture(autouse=True)
def surroundings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty cache, an empty TF-Hub cache, no network unless a test allows it."""
    monkeypatch.setenv("INCEPTION_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("INCEPTION_HUB_OFFLINE", "1")
    monkeypatch.setenv("TFHUB_CACHE_DIR", str(tmp_path / "tfhub"))
    monkeypatch.setenv("no_proxy", "*")


@pytest.fixture
def module(tmp_path: Path) -> Path:
    bundle.write(small_bundle(), tmp_path / "module")
    return tmp_path / "module"


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("INCEPTION_HUB_OFFLINE", "0")
    (tmp_path / "served").mkdir()
    running = Server(tmp_path / "served")
    yield running
    running.close()


@pytest.fixture
def responder(monkeypatch: pytest.MonkeyPatch) -> Iterator[Responder]:
    monkeypatch.delenv("INCEPTION_HUB_OFFLINE")
    with Responder() as running:
        yield running


@pytest.fixture
def original(
    server: Server, module: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> published.Original:
    """A small stand-in for the published archive, at the second of two mirrors."""
    content = pack(module, tmp_path / "served" / "original.tar.gz").read_bytes()
    urls = (f"{server.url}/missing.tar.gz", f"{server.url}/original.tar.gz")
    original = published.Original(urls, len(content), hashlib.sha384(content).hexdigest())
    monkeypatch.setattr(published, "ORIGINAL", original)
    return original


@pytest.fixture(scope="session", params=["golden", "made"])
def originals(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the original's module and checkpoint as archives, TensorFlow's own or ours."""
    if request.param == "made":
        return made_originals(tmp_path_factory.mktemp("originals"))
    if not GOLDEN.is_dir():
        pytest.skip("../shared/golden is not beside this checkout")
    return GOLDEN
