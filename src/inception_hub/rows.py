"""One photo's answer, and the one shape in which every format writes it. Knows no files and no formats."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .errors import ArgumentError


@dataclass(frozen=True)
class Prediction:
    """A class: `label`, `index` in the module's own numbering, `probability` in [0, 1] as float32 gave it."""

    label: str
    index: int
    probability: float


@dataclass(frozen=True, eq=False)
class Row:
    """What `module` (its name) answered for the photo at `path`, as given or found.

    Exactly one of these is given, else `ArgumentError`: `predictions`, best first; `vector`, float32
    [features]; `error`, one sentence. Rows compare by identity, as arrays do not compare to one truth.
    """

    path: str
    module: str
    predictions: tuple[Prediction, ...] | None = None
    vector: NDArray[np.float32] | None = None
    error: str | None = None

    def __post_init__(self) -> None:
        given = sum(answer is not None for answer in (self.predictions, self.vector, self.error))
        if given != 1:
            raise ArgumentError(
                f"The row of {self.path} holds {given} of predictions, vector and error; give exactly one."
            )


def as_record(row: Row) -> dict[str, Any]:
    """JSON-ready: `path`, `module`, and `predictions` (`label`, `index`, `probability`), `vector` or `error`.

    Numbers are shortened to the fewest digits that read back as the same float32.
    """
    record: dict[str, Any] = {"path": row.path, "module": row.module}
    if row.predictions is not None:
        record["predictions"] = [
            {"label": p.label, "index": p.index, "probability": shortest(p.probability)}
            for p in row.predictions
        ]
    elif row.vector is not None:
        record["vector"] = [shortest(value) for value in row.vector]
    else:
        record["error"] = row.error
    return record


def shortest(value: float | np.float32) -> float:
    """The float whose `repr` is the shortest decimal that reads back as float32 `value`: 0.1, not 0.10000000149."""
    return float(str(np.float32(value)))
