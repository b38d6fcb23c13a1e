"""Adaptive prediction sets against the paper's own formulas, and their coverage, exact to the photo."""

import math

import numpy as np
import pytest

from inception_hub.calibration import conformal
from inception_hub.calibration.conformal import categories, check_coverage, cut, photos_needed, scores
from inception_hub.errors import ArgumentError


def paper_set(probabilities: np.ndarray, u: float, threshold: float) -> set[int]:
    """Romano, Sesia, Candès (2020), equations 5 and 6: the generalised inverse quantile, made random."""
    order = sorted(range(len(probabilities)), key=lambda k: (-probabilities[k], k))
    total, size = 0.0, 0
    for size in range(1, len(order) + 1):  # noqa: B007
        total += float(probabilities[order[size - 1]])
        if total >= threshold:
            break
    overshoot = (total - threshold) / float(probabilities[order[size - 1]])
    return set(order[: size - 1] if u <= overshoot else order[:size])


def test_scores_give_the_papers_sets() -> None:
    generator = np.random.default_rng(0)
    probabilities = generator.dirichlet(np.full(7, 0.5), 300)
    parts, thresholds = generator.random((2, 300))
    for row, u, threshold in zip(probabilities, parts, thresholds, strict=True):
        # The paper leaves the last class out for a small u, this code for a large one: 1 - u is as uniform.
        ours = set(np.flatnonzero(scores(row[None], np.array([1 - u]))[0] <= threshold).tolist())
        assert ours == paper_set(row, u, threshold)


def test_among_equals_the_lower_index_comes_first() -> None:
    assert scores(np.array([[0.25, 0.5, 0.25]]), np.array([0.0])).tolist() == [[0.5, 0.0, 0.75]]


@pytest.mark.parametrize("coverage", [0.3, 0.8, 0.9, 0.95])
@pytest.mark.parametrize("n", [19, 20, 57])
def test_coverage_is_exact_for_exchangeable_scores(n: int, coverage: float) -> None:
    """Of n + 1 scores, each in turn the new one, those within the cut are the share asked for."""
    values = np.sort(np.random.default_rng(n).random(n + 1).astype(np.float32))
    within = np.zeros(n + 1)
    for new in range(n + 1):
        low, high, share_high = cut(np.delete(values, new), coverage)
        within[new] = share_high * (values[new] <= high) + (1 - share_high) * (values[new] <= low)
    assert within.mean() == pytest.approx(coverage, abs=1e-9)


def test_ranks_that_exist_need_no_chance() -> None:
    values = np.arange(1, 20, dtype=np.float32)  # 19: of 20 * 0.95 the 19th
    assert cut(values, 0.95)[0] == 19 and cut(values, 0.95)[2] == pytest.approx(0, abs=1e-6)
    low, high, share = cut(values[::-1], 0.83)  # rank 16.6
    assert (low, high) == (16, 17) and share == pytest.approx(0.6)


def test_a_low_coverage_of_few_photos_is_at_times_no_class() -> None:
    low, high, share = cut(np.array([0.5], np.float32), 0.25)
    assert (low, high, share) == (-math.inf, 0.5, 0.5)


@pytest.mark.parametrize(
    "coverage, needed", [(0.5, 1), (0.8, 4), (0.9, 9), (0.95, 19), (0.99, 99), (0.999, 999), (0.1, 1)]
)
def test_photos_needed(coverage: float, needed: int) -> None:
    assert photos_needed(coverage) == needed
    assert (needed + 1) * coverage <= needed + 1e-9 and (needed == 1 or needed * coverage > needed - 1)


def test_classes_with_many_photos_have_their_own_cut() -> None:
    counts = np.array([200, 199, 10, 0])
    assert categories(counts, 0.95).tolist() == [True, False, False, False]
    assert categories(counts, 0.5).tolist() == [True, True, False, False]
    assert categories(np.array([200, 18]), 0.95).tolist() == [False, False], "18 photos are too few for 0.95"
    assert categories(np.array([200, 200]), 0.95).all()
    assert conformal.EXPECTED_MISSES == 10


@pytest.mark.parametrize("given", [0, 1, -0.5, 1.5, math.nan, "0.9", True, None])
def test_what_is_no_coverage(given: object) -> None:
    with pytest.raises(ArgumentError, match="coverage is .*give a share of photos between 0 and 1"):
        check_coverage(given)  # type: ignore[arg-type]
    assert check_coverage(0.9) == 0.9
