"""Wilson's score interval: what a share of few photos says of the share of all photos."""

import math
from statistics import NormalDist
from typing import NamedTuple

CONFIDENCE = 0.95
Z = NormalDist().inv_cdf((1 + CONFIDENCE) / 2)


class Interval(NamedTuple):
    """The 95% interval of a share, from `low` to `high`, both in [0, 1]; its text is `28.0% to 78.7%`."""

    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.low:.1%} to {self.high:.1%}"


def wilson(hits: int, trials: int) -> Interval:
    """The interval of the share `hits / trials` (Wilson 1927); of no trials, from 0 to 1.

    Unlike the share plus and minus its standard error, it stays within [0, 1] and has a width even where all
    trials are hits, or none is. https://doi.org/10.1080/01621459.1927.10502953
    """
    if not trials:
        return Interval(0.0, 1.0)
    share, spread = hits / trials, Z * Z / trials
    middle = share + spread / 2
    half = Z * math.sqrt(share * (1 - share) / trials + spread / (4 * trials))
    return Interval(max(0.0, (middle - half) / (1 + spread)), min(1.0, (middle + half) / (1 + spread)))
