"""One cluster for all tests of this folder."""

from collections.abc import Iterator
from typing import Any

import pytest
from helpers.clusters import two_nodes


@pytest.fixture(scope="session")
def cluster() -> Iterator[Any]:
    with two_nodes() as found:
        yield found
