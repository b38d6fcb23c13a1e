"""Softmax, the most likely classes, and numbers that are not finite."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from inception_hub.errors import ArgumentError
from inception_hub.inference.predictions import top_k


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
