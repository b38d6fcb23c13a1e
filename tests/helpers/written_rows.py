"""Rows to write, a file of them, and a disk without room."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from inception_hub.inference.predictions import Prediction
from inception_hub.inference.row import Row
from inception_hub.output.writers import open_writer

PREDICTIONS = (Prediction("Egyptian cat", 285, 0.75), Prediction("tabby", 281, 0.125))
ROWS = [
    Row("photos/cat.jpg", "tiny", predictions=PREDICTIONS),
    Row("photos/bad.jpg", "tiny", error="photos/bad.jpg is damaged; give an intact file."),
    Row("photos/cat2.jpg", "tiny", predictions=PREDICTIONS[:1]),
]
SETS = [  # for a coverage: of two classes, of none, of one that is none of the known things, and an error
    Row("photos/cat.jpg", "tiny", predictions=PREDICTIONS, unknown=False),
    Row("photos/odd.jpg", "tiny", predictions=(), unknown=False),
    Row("photos/ufo.jpg", "tiny", predictions=PREDICTIONS[:1], unknown=True),
    Row("photos/new.jpg", "tiny", predictions=(), unknown=True),
    Row("photos/bad.jpg", "tiny", error="photos/bad.jpg is damaged; give an intact file."),
]
VECTORS = [
    Row("bad.jpg", "tiny", error="bad.jpg is damaged."),
    *(Row(f"{i}.jpg", "tiny", vector=np.full(4, i / 10, np.float32)) for i in range(5)),
]


def written(format: str, kind: str, rows: list[Row], path: Path, sets: bool = False) -> Path:
    with open_writer(format, kind, path, 4, sets=sets) as writer:
        for row in rows:
            writer.write(row)
    return path


@contextmanager
def small_files() -> Iterator[None]:
    """No file of this process may grow beyond 1000 bytes, as on a disk with no more room.

    Not a fixture: pytest writes its own output, perhaps to a file, while those are in force.
    """
    resource = pytest.importorskip("resource")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
