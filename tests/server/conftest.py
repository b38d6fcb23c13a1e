"""Two servers of a small module for all tests, and a check that one keeps serving whatever it was sent."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from helpers.serving import Served, jpeg, served, wait_until


def _serve(module: Path, cache: Path, **limits: Any) -> Iterator[Served]:
    with ExitStack() as stack:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("INCEPTION_HUB_CACHE", str(cache))
            client = stack.enter_context(served(module, **limits))
        yield client


@pytest.fixture(scope="session")
def server(small_module: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server with the default limits."""
    yield from _serve(small_module, tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="session")
def strict_server(small_module: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server with narrow limits."""
    yield from _serve(
        small_module,
        tmp_path_factory.mktemp("cache"),
        body_bytes=1 << 20,
        memory_bytes=3 << 20,
        images=4,
        pixels=1_000_000,
        head_seconds=0.5,
        body_seconds=0.5,
        idle_seconds=0.5,
        connections=16,
    )


@pytest.fixture
def unharmed(request: pytest.FixtureRequest) -> Iterator[None]:
    """Whatever a test has sent, the next client is answered and no photo is left inside."""
    name = "strict_server" if "strict_server" in request.fixturenames else "server"
    server: Served = request.getfixturevalue(name)
    yield
    wait_until(lambda: b"inception_hub_photos_inside 0.0" in server.get("/metrics").content)
    assert server.post("/classify", jpeg(1)).status == 200
