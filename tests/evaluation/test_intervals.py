"""Wilson's interval: SciPy's, published values, and what an interval near 0 and 1 must not do."""

import pytest
from scipy.stats import binomtest

from inception_hub.evaluation.intervals import Interval, wilson


@pytest.mark.parametrize("trials", [1, 3, 11, 551, 10_000])
def test_it_is_scipy_s(trials: int) -> None:
    for hits in {0, 1, trials // 3, trials // 2, trials - 1, trials}:
        expected = binomtest(hits, trials).proportion_ci(0.95, "wilson")
        assert wilson(hits, trials) == pytest.approx((expected.low, expected.high), abs=1e-12)


@pytest.mark.parametrize(
    ("hits", "trials", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_published_values(hits: int, trials: int, low: float, high: float) -> None:
    """Of Newcombe, "Two-sided confidence intervals for the single proportion" (1998), Table I, method 3."""
    assert wilson(hits, trials) == pytest.approx((low, high), abs=5e-5)


def test_it_stays_within_0_and_1_and_of_no_photos_says_nothing() -> None:
    for trials in range(1, 300):
        assert 0 <= wilson(0, trials).low < 1e-12 and 1 - 1e-12 < wilson(trials, trials).high <= 1
    assert wilson(0, 0) == (0, 1)


def test_its_text_is_in_percent() -> None:
    assert str(Interval(0.28012, 0.7873)) == "28.0% to 78.7%"
