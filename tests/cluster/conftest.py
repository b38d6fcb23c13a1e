"""One cluster for all tests of this folder, and photos to give it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from helpers.clusters import two_nodes
from helpers.serving import jpeg


@pytest.fixture(scope="session")
def cluster() -> Iterator[Any]:
    with two_nodes() as nodes:
        yield nodes


@pytest.fixture
def photos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A folder, relative to the working one, with what is wrong with photos among them."""
    monkeypatch.chdir(tmp_path)
    folder = Path("photos")
    (folder / "deeper").mkdir(parents=True)
    for seed in range(200):
        (folder / ("deeper" if seed % 2 else "") / f"{seed:03}.jpg").write_bytes(jpeg(seed))
    (folder / "bad.jpg").write_bytes(jpeg(0)[:300])
    (folder / "empty.png").touch()
    (folder / "name with space.jpg").write_bytes(jpeg(201))
    return str(folder)
