"""Split-conformal prediction by adaptive prediction sets (Romano, Sesia, Candès, 2020).

The score of a class is the probability of all classes before it, most likely first, and a random part of its
own. Held-out photos have scores of their true classes, by which a set is cut off for any coverage.
"""

import math

import numpy as np
from numpy.typing import NDArray

from ..errors import ArgumentError

ROUNDING = 1e-9  # of a rank, which 20 * 0.95 misses
EXPECTED_MISSES = 10  # held-out photos of a class outside their sets, for which it has a cut of its own


def scores(probabilities: NDArray[np.float64], parts: NDArray[np.float64]) -> NDArray[np.float32]:
    """float32 [n, classes]: the score of every class of each photo, in [0, 1].

    `probabilities`: [n, classes]; `parts`: [n], uniform in [0, 1), how much of its own probability a class
    counts. Among equally likely classes the lower index comes first.
    """
    order = np.argsort(-probabilities, axis=1, kind="stable")
    ranked = np.take_along_axis(probabilities, order, axis=1)
    before = np.cumsum(ranked, axis=1) - ranked
    result = np.empty(probabilities.shape, np.float32)
    np.put_along_axis(result, order, (before + parts[:, None] * ranked).astype(np.float32), axis=1)
    return result


def photos_needed(coverage: float) -> int:
    """The fewest held-out photos by which sets of that coverage can be cut off."""
    # Rounded, as 1 / (1 - 0.95) is a little more than 20.
    return max(1, math.ceil(round(1 / (1 - coverage), 6)) - 1)


def check_coverage(coverage: float) -> float:
    """`coverage` as a float; raises `ArgumentError` where it does not lie between 0 and 1."""
    if isinstance(coverage, bool) or not isinstance(coverage, int | float) or not 0 < coverage < 1:
        raise ArgumentError(
            f"coverage is {coverage!r}; give a share of photos between 0 and 1, such as 0.95."
        )
    return float(coverage)


def enough(held_out: NDArray[np.float32], coverage: float) -> NDArray[np.float32]:
    """`held_out`, scores of photos that tell where to cut; raises `ArgumentError` for too few of them."""
    count, needed = len(held_out), photos_needed(coverage)
    if count < needed:
        raise ArgumentError(
            f"A coverage of {coverage:g} needs {needed:,} photos or more to calibrate on, and this was "
            f"calibrated on {count:,}; ask for less, or calibrate it on more photos."
        )
    return held_out


def cut(held_out: NDArray[np.float32], coverage: float) -> tuple[np.float32, np.float32, float]:
    """The score up to which a class belongs to the set: `coverage` of exchangeable scores do not exceed it.

    `held_out`: `photos_needed(coverage)` or more, in any order. Where no rank among them is exactly that of
    `coverage`, the two beside it are taken by turns, so that coverage is what was asked, and not more:
    returned are the lower, the higher, and the share of photos for which it is the higher.
    """
    values = np.concatenate([[np.float32(-np.inf)], np.sort(held_out)])
    rank = min((len(held_out) + 1) * coverage, len(held_out))
    whole = math.floor(rank + ROUNDING)
    return values[whole], values[min(whole + 1, len(held_out))], max(rank - whole, 0.0)


def categories(counts: NDArray[np.int64], coverage: float) -> NDArray[np.bool_]:
    """bool [classes]: which classes have a cut of their own, so that coverage holds within each.

    `counts`: held-out photos of each class. All others share one cut, so that coverage holds among them;
    where these have too few photos even together, no class has its own.
    """
    own = counts * (1 - coverage) >= EXPECTED_MISSES - ROUNDING
    shared = int(counts[~own].sum())
    if not own.all() and shared < photos_needed(coverage):
        return np.zeros(len(counts), bool)
    return own
