"""Softmax, the most likely classes and what is refused, by numbers worked out by hand."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from inception_hub.errors import AnswerError, ArgumentError
from inception_hub.inference.predictions import (
    Prediction,
    best_predictions,
    check_finite,
    probabilities,
    top_k,
)
from inception_hub.labels import Labels


def test_best_predictions_are_labelled_and_sorted() -> None:
    labels = Labels(("cat", "dog", "cow"), (None, None, None))
    logits = np.log(np.array([0.25, 0.625, 0.125], np.float32))
    best, second = best_predictions(logits, labels, 2)
    assert (best.label, best.index, second.label, second.index) == ("dog", 1, "cat", 0)
    assert best.probability == pytest.approx(0.625, rel=1e-6)
    assert isinstance(best, Prediction)


def test_probabilities_sum_to_one_however_large_the_logits() -> None:
    values = probabilities(np.array([[0, 0], [3e38, -3e38], [1e4, 1e4]], np.float32))
    assert values.tolist() == [[0.5, 0.5], [1, 0], [0.5, 0.5]]


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_is_refused(value: float) -> None:
    output = np.array([0, value], np.float32)
    with pytest.raises(AnswerError, match="my_module computed numbers that are not finite.*for bf16"):
        check_finite(output, "my_module", "bf16")
    assert check_finite(output[:1], "my_module", "bf16").tolist() == [0]


def test_top_k() -> None:
    assert top_k(np.array([0.1, 0.4, 0.1, 0.4], np.float32), 3) == [1, 3, 0]
    assert top_k(np.array([0.1, 0.9], np.float32), 5) == [1, 0]
    assert all(type(index) is int for index in top_k(np.ones(4, np.float32), 2))
    with pytest.raises(ArgumentError, match="k is 0; give 1 or more"):
        top_k(np.ones(4, np.float32), 0)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    arrays(np.float32, st.integers(1, 40), elements=st.sampled_from([0.0, 0.25, 0.5, 1.0])),
    st.integers(1, 50),
)
def test_top_k_is_the_sorted_list(probabilities: np.ndarray, k: int) -> None:
    expected = sorted(range(len(probabilities)), key=lambda i: (-probabilities[i], i))
    assert top_k(probabilities, k) == expected[:k]
