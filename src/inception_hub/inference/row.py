"""One photo's row: its predictions or its feature vector, or why there are none."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ..errors import ArgumentError
from .predictions import Prediction

Kind = Literal["predictions", "vector"]


@dataclass(frozen=True, eq=False)
class Row:
    """What `module` (its name) computed for the photo at `path`, as given or found.

    Exactly one of these is given, else `ArgumentError`: `predictions`, best first; `vector`, float32
    [features]; `error`, one sentence. `unknown`: where a coverage was asked for, and `predictions` are a set
    of any size, whether the photo is unlike anything the module learned; else None. Rows compare by identity,
    as arrays do not compare to one truth.
    """

    path: str
    module: str
    predictions: tuple[Prediction, ...] | None = None
    vector: NDArray[np.float32] | None = None
    error: str | None = None
    unknown: bool | None = None

    def __post_init__(self) -> None:
        given = sum(value is not None for value in (self.predictions, self.vector, self.error))
        if given != 1:
            raise ArgumentError(
                f"The row of {self.path} holds {given} of predictions, vector and error; give exactly one."
            )
