"""Neighbours as a second opinion: their votes written out, and what they leave out."""

import numpy as np
import pytest
from helpers.labelled_vectors import clusters

from inception_hub.inspection import neighbours
from inception_hub.inspection.neighbours import DOUBT, WIDTH, find_neighbours


def test_votes_are_those_of_the_most_similar_others() -> None:
    vectors, classes = clusters(4)
    found = find_neighbours(vectors, classes)  # two a photo
    assert found is not None
    points = np.sqrt(vectors) - np.sqrt(vectors).mean(axis=0)
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    cosines = points @ points.T
    np.fill_diagonal(cosines, -2)
    equal = np.full((12, 3), 1 / 3, np.float32)
    expected = np.zeros((12, 3))
    for row in range(12):
        nearest = np.argsort(-cosines[row])[:2]
        for other in nearest:
            expected[row, classes[other]] += np.exp((cosines[row, other] - cosines[row].max()) / WIDTH)
        expected[row] += DOUBT * expected[row].sum()
    expected = np.sqrt(expected)
    expected /= expected.sum(axis=1, keepdims=True)
    rows = np.array([5, 0, 11])
    np.testing.assert_allclose(found.agree(rows, equal[rows]), expected[rows], rtol=1e-3)


def test_a_label_of_its_own_does_not_count() -> None:
    vectors, classes = clusters(20)
    changed = classes.copy()
    changed[0] = (changed[0] + 1) % 3
    equal = np.full((60, 3), 1 / 3, np.float32)
    first, second = (find_neighbours(vectors, each) for each in (classes, changed))
    assert first is not None and second is not None
    rows = np.arange(1)
    np.testing.assert_array_equal(first.agree(rows, equal[rows]), second.agree(rows, equal[rows]))


def test_photos_of_no_class_have_no_vote() -> None:
    vectors, classes = clusters(10)
    found = find_neighbours(vectors, np.where(classes == 2, -1, classes))
    assert found is not None
    equal = np.full((30, 2), 0.5, np.float32)
    agreed = found.agree(np.arange(30), equal)
    assert np.isfinite(agreed).all() and (agreed[classes == 0, 0] > 0.8).all()
    np.testing.assert_allclose(agreed.sum(axis=1), 1, rtol=1e-5)


def test_too_many_photos_are_not_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    vectors, classes = clusters(10)
    monkeypatch.setattr(neighbours, "MOST", 29)
    assert find_neighbours(vectors, classes) is None
    assert find_neighbours(vectors[:29], classes[:29]) is not None
