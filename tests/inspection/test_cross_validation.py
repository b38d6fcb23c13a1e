"""Cross-validated heads: checked against the arithmetic written out, and on classes that are told apart."""

import numpy as np
import pytest
from helpers.labelled_vectors import clusters, judged

from inception_hub.inspection import cross_validation
from inception_hub.inspection.cross_validation import FOLDS, assign_folds, fit_heads


def test_folds_have_as_many_of_each_class_and_the_seed_decides() -> None:
    classes = np.array([0] * 12 + [1] * 5 + [-1] * 3 + [2] * 10)
    folds = assign_folds(classes, 0)
    table = np.array([np.bincount(folds[classes == c], minlength=FOLDS) for c in range(3)])
    assert table.tolist()[1:] == [[1] * 5, [2] * 5] and sorted(table[0]) == [2, 2, 2, 3, 3]
    assert (folds[classes == -1] == -1).all()
    assert np.array_equal(folds, assign_folds(classes, 0))
    assert not np.array_equal(folds, assign_folds(classes, 1))


def test_a_head_is_the_lda_of_the_other_folds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cross_validation, "SHRINKAGES", (0.3,))
    monkeypatch.setattr(cross_validation, "TEMPERATURES", np.array([1.5]))
    monkeypatch.setattr(cross_validation, "CHUNK", 7)  # photos come in several parts
    vectors, classes = clusters(20)
    heads = fit_heads(vectors, classes)
    probabilities, distances = judged(heads, vectors, classes)
    points = np.sqrt(vectors.astype(np.float64))
    for fold in range(FOLDS):
        others, held = heads.folds != fold, heads.folds == fold
        means = np.stack([points[others & (classes == c)].mean(axis=0) for c in range(3)])
        left = points[others] - means[classes[others]]
        covariance = left.T @ left / others.sum()
        covariance = 0.7 * covariance + 0.3 * np.trace(covariance) / 6 * np.eye(6)
        differences = points[held][:, None] - means
        squares = np.einsum("nkd,de,nke->nk", differences, np.linalg.inv(covariance), differences)
        logits = (np.log(np.bincount(classes[others]) / others.sum()) - squares / 2) / 1.5
        expected = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        np.testing.assert_allclose(probabilities[held], expected, atol=1e-4)
        own = squares[np.arange(held.sum()), classes[held]]
        np.testing.assert_allclose(distances[held], np.sqrt(own), rtol=1e-3)


def test_classes_apart_are_told_apart_and_noise_is_not() -> None:
    vectors, classes = clusters(60)
    assert (judged(fit_heads(vectors, classes), vectors, classes)[0].argmax(axis=1) == classes).mean() > 0.95
    noise = np.random.default_rng(1).uniform(0, 1, vectors.shape).astype(np.float32)
    probabilities, _ = judged(fit_heads(noise, classes), noise, classes)
    assert 0.15 < (probabilities.argmax(axis=1) == classes).mean() < 0.5
    assert probabilities.max() < 0.6, "the temperature says that it knows nothing"


def test_photos_of_no_class_are_not_judged_and_change_nothing() -> None:
    vectors, classes = clusters(20)
    some = np.where(np.arange(60) < 5, -1, classes)
    heads = fit_heads(vectors, some)
    rows = np.concatenate([each.rows for each in heads.judge(vectors, some)])
    assert sorted(rows) == list(range(5, 60))
    far = vectors.copy()
    far[:5] = 1000
    np.testing.assert_array_equal(heads.means, fit_heads(far, some).means)


def test_features_that_never_vary_are_no_obstacle() -> None:
    classes = np.arange(20) % 2
    probabilities, distances = judged(
        fit_heads(np.ones((20, 4), np.float32), classes), np.ones((20, 4), np.float32), classes
    )
    assert np.isfinite(probabilities).all() and np.isfinite(distances).all()


def test_half_precision_is_enough() -> None:
    vectors, classes = clusters(40)
    heads = fit_heads(vectors.astype(np.float16), classes)
    assert heads.means.dtype == np.float32
    probabilities, _ = judged(heads, vectors.astype(np.float16), classes)
    np.testing.assert_allclose(
        probabilities, judged(fit_heads(vectors, classes), vectors, classes)[0], atol=0.02
    )
