"""The graph of neighbours finds what the exact product finds, but for a few."""

import importlib.util
import sys

import numpy as np
import pytest
from helpers.copied_photos import scene

from inception_hub.errors import ArgumentError
from inception_hub.images.fingerprint import fingerprint
from inception_hub.similarity import approximate, duplicates
from inception_hub.similarity.approximate import nearest_by_graph
from inception_hub.similarity.nearest import nearest

needs_usearch = pytest.mark.skipif(not importlib.util.find_spec("usearch"), reason="usearch is not installed")


def vectors(count: int, features: int = 64) -> np.ndarray:
    """Of a few dozen kinds, none below 0, as feature vectors are."""
    generator = np.random.default_rng(0)
    kinds = generator.exponential(size=(30, features))
    noise = 0.5 * generator.exponential(size=(count, features))
    return (kinds[generator.integers(0, 30, count)] + noise).astype(np.float32)


@needs_usearch
def test_nearly_all_of_the_nearest_are_found() -> None:
    some = vectors(3000)
    parts = list(nearest_by_graph(some[:1500], some, 11))
    assert [len(indices) for indices, _ in parts] == [512, 512, 476]
    indices = np.concatenate([each for each, _ in parts])
    similarities = np.concatenate([each for _, each in parts])
    exact, _ = nearest(some[:1500], some, 11)
    recall = np.mean([len(set(one) & set(other)) / 11 for one, other in zip(indices, exact, strict=True)])
    # The graph's threads make another one each time: of these, 0.98 to 1 are found.
    assert recall >= 0.95 and (indices[:, 0] == exact[:, 0]).mean() >= 0.95
    units = some / np.linalg.norm(some, axis=1, keepdims=True)
    cosines = np.einsum("ij,ikj->ik", units[:1500], units[indices])
    np.testing.assert_allclose(similarities, cosines, atol=1e-5)
    assert (np.diff(similarities, axis=1) <= 0).all() and similarities.max() <= 1


@needs_usearch
def test_fewer_than_asked_for_and_zeros() -> None:
    some = np.array([[1, 0], [0, 1], [0, 0]], np.float32)
    indices, similarities = next(nearest_by_graph(some[:1], some, 5))
    assert indices.shape == (1, 3) and indices[0, 0] == 0 and similarities[0, 0] == 1


@needs_usearch
def test_what_is_not_finite_is_refused() -> None:
    with pytest.raises(ArgumentError, match="Vector 0 holds numbers that are not finite"):
        next(nearest_by_graph(np.ones((1, 2), np.float32), np.full((2, 2), np.nan, np.float32), 1))


@needs_usearch
def test_near_duplicates_of_very_many_photos_go_by_the_graph(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def noted(queries: np.ndarray, *rest: object):  # noqa: ANN202
        asked.append(len(queries))
        return nearest_by_graph(queries, *rest)  # pyright: ignore[reportArgumentType]

    monkeypatch.setattr(approximate, "nearest_by_graph", noted)
    prints = np.stack([fingerprint(scene(seed)) for seed in (0, 0, 1)])
    same = vectors(3)[[0, 0, 1]]
    assert len(duplicates.near_duplicates(same, prints)) == 1 and not asked
    monkeypatch.setattr(approximate, "WORTHWHILE", 9)
    assert len(duplicates.near_duplicates(same, prints)) == 1 and asked == [3]


def test_without_usearch_it_is_said_that_it_takes_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(approximate, "WORTHWHILE", 1)
    monkeypatch.setitem(sys.modules, "usearch", None)
    monkeypatch.setattr(approximate, "is_available", lambda: False)
    prints = np.stack([fingerprint(scene(0))] * 2)
    with pytest.warns(
        UserWarning, match=r"Comparing 2 photos with each other takes hours without usearch: pip"
    ):
        assert len(duplicates.near_duplicates(np.ones((2, 4), np.float32), prints)) == 1
