"""One row per photo: what `classify` and `embed` answer, whatever it is written as."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Prediction:
    """A class of the module: `index` is the module's own numbering, `probability` in [0, 1]."""

    label: str
    index: int
    probability: float


@dataclass(frozen=True)
class Row:
    """`path` as given or found, the name of the `module` that answered, and one of the three others."""

    path: str
    module: str
    predictions: tuple[Prediction, ...] | None = None
    vector: NDArray[np.float32] | None = None
    error: str | None = None


def shortest(value: float | np.floating[Any]) -> float:
    """The float that prints with the fewest digits and still reads back to the same float32."""
    return float(str(np.float32(value)))


def as_record(row: Row) -> dict[str, Any]:
    """`path`, `module`, and `predictions` (best first), `vector` or `error`: ready for JSON."""
    record: dict[str, Any] = {"path": row.path, "module": row.module}
    if row.error is not None:
        record["error"] = row.error
    elif row.predictions is not None:
        record["predictions"] = [
            {"label": p.label, "index": p.index, "probability": shortest(p.probability)} for p in row.predictions
        ]
    elif row.vector is not None:
        record["vector"] = [shortest(value) for value in row.vector]
    return record
