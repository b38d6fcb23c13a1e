"""Connections to a Ray cluster: addresses that lead to none, and one that ends with its block."""

from pathlib import Path

import pytest
from helpers.command import run

pytestmark = [pytest.mark.ray, pytest.mark.filterwarnings("default")]  # Ray's own are many


@pytest.mark.parametrize("address", ["127.0.0.1:1", "ray://127.0.0.1:1", "nonsense", "photos/"])
def test_an_address_of_nothing(
    capsys: pytest.CaptureFixture[str], photos: str, small_module: Path, address: str
) -> None:
    asked = ("classify", photos, "--module", small_module, "--format", "parquet", "--output", "rows")
    code, _, err = run(capsys, *asked, "--ray", address)
    assert code == 2 and err.count("\n") == 2
    assert f"--ray {address} leads to no Ray cluster" in err and "give local, auto, HOST:PORT" in err
    assert not Path("rows").exists() and not Path("rows.parts").exists()


@pytest.mark.parametrize("address", ["127.0.0.1:1", "ray://[::1]:1", "nonsense", ":6379", "host:port"])
def test_an_address_that_leads_nowhere_is_refused_at_once(address: str) -> None:
    import ray

    from inception_hub.cluster.connection import connected
    from inception_hub.errors import ArgumentError

    with pytest.raises(ArgumentError, match="leads to no Ray cluster .*; give local, auto, HOST:PORT or ray"):
        with connected(address):
            pass
    assert not ray.is_initialized()


def test_a_connection_ends_with_its_block(cluster: object) -> None:
    import ray

    from inception_hub.cluster.connection import connected

    with pytest.raises(KeyError):
        with connected(cluster.address):  # type: ignore[attr-defined]
            assert ray.is_initialized()
            raise KeyError
    assert not ray.is_initialized()
