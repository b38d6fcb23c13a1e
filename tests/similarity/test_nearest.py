"""The nearest vectors: as sorting all cosines gives them, part by part."""

import numpy as np
import pytest

from inception_hub.errors import ArgumentError
from inception_hub.similarity import nearest as nearest_file
from inception_hub.similarity.nearest import nearest, nearest_in_parts


def cosines(queries: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    lengths = np.linalg.norm(queries, axis=1)[:, None] * np.linalg.norm(vectors, axis=1)
    return queries.astype(float) @ vectors.T.astype(float) / lengths


@pytest.mark.parametrize("top", [1, 5, 40, 100])
def test_is_what_sorting_all_cosines_gives(top: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nearest_file, "QUERIES_AT_ONCE", 7)
    monkeypatch.setattr(nearest_file, "VECTORS_AT_ONCE", 9)
    generator = np.random.default_rng(0)
    vectors = generator.normal(size=(40, 8)).astype(np.float32) * generator.uniform(0.1, 9, (40, 1))
    queries = generator.normal(size=(20, 8)).astype(np.float32)
    expected = cosines(queries, vectors)
    indices, similarities = nearest(queries, vectors.astype(np.float32), top)
    assert indices.shape == similarities.shape == (20, min(top, 40))
    np.testing.assert_array_equal(indices, np.argsort(-expected, axis=1)[:, :top])
    np.testing.assert_allclose(similarities, -np.sort(-expected, axis=1)[:, :top], atol=1e-6)
    assert [len(part[0]) for part in nearest_in_parts(queries, vectors.astype(np.float32), top)] == [7, 7, 6]


def test_of_equal_ones_the_first_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nearest_file, "VECTORS_AT_ONCE", 4)
    vectors = np.array([[0, 1], *[[1, 0]] * 8], np.float32)
    assert nearest(vectors[1:2], vectors, 9)[0].tolist() == [[1, 2, 3, 4, 5, 6, 7, 8, 0]]


def test_zeros_are_like_nothing() -> None:
    vectors = np.array([[0, 0], [3, 4], [-3, -4]], np.float32)
    indices, similarities = nearest(np.array([[0, 0], [6, 8]], np.float32), vectors, 3)
    np.testing.assert_allclose(similarities, [[0, 0, 0], [1, 0, -1]], atol=1e-6)
    assert indices[1].tolist() == [1, 0, 2]


def test_none_among_none() -> None:
    some = np.ones((2, 3), np.float32)
    assert nearest(some[:0], some, 5)[0].shape == (0, 2)
    assert nearest(some, some[:0], 5)[1].shape == (2, 0)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_what_is_not_finite_is_refused(value: float) -> None:
    some, bad = np.ones((3, 2), np.float32), np.ones((3, 2), np.float32)
    bad[2, 1] = value
    for queries, vectors in ((some, bad), (bad, some)):
        with pytest.raises(ArgumentError, match="Vector 2 holds numbers that are not finite"):
            nearest(queries, vectors, 1)


def test_arrays_that_do_not_fit_each_other_are_refused() -> None:
    with pytest.raises(
        ArgumentError, match=r"Vectors of \[2, 3\] cannot be compared with vectors of \[4, 5\]"
    ):
        nearest(np.ones((2, 3), np.float32), np.ones((4, 5), np.float32), 1)
    with pytest.raises(ArgumentError, match="top is 0; give 1 or more"):
        nearest(np.ones((2, 3), np.float32), np.ones((2, 3), np.float32), 0)
