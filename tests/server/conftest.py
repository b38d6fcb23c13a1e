"""A server of narrow limits, and a check that it serves on whatever it was sent."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from helpers.serving import Served, jpeg, served, wait_until


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


@pytest.fixture
def unharmed(server: Served) -> Iterator[None]:
    """Whatever a test has sent, the next client is answered and nothing is left inside."""
    yield
    wait_until(lambda: b"inception_hub_photos_inside 0.0" in server.get("/metrics").content)
    assert server.post("/classify", jpeg(1)).status == 200
