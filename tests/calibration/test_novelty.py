"""Novelty against formulas in float64, and that it tells other things from what was learned."""

import numpy as np
import pytest

from inception_hub.calibration.novelty import fit_novelty, shrunk_covariance, unit


def samples(seed: int, n: int = 400, size: int = 24) -> tuple[np.ndarray, np.ndarray]:
    """Features of three classes, whose variance lies along a few directions, and the classes."""
    generator = np.random.default_rng(seed)
    classes = generator.integers(0, 3, n)
    centres = np.random.default_rng(7).random((3, size)) * 3
    noise = generator.normal(0, 0.4, (n, size)) * np.linspace(1, 0.1, size)
    return np.abs(centres[classes] + noise).astype(np.float32), classes


def logits_of(n: int, scale: float = 1) -> np.ndarray:
    return (np.random.default_rng(n).normal(0, 1, (n, 3)) * scale).astype(np.float32)


def test_distances_are_mahalanobis_distances() -> None:
    features, classes = samples(0)
    novelty = fit_novelty(features, classes, logits_of(50), features[:50])
    points = unit(features)
    means = np.stack([points[classes == index].mean(0) for index in range(3)])
    variances, axes = np.linalg.eigh(shrunk_covariance(points - means[classes]))
    variances[:12] = variances[:12].mean()  # half of the directions are kept
    inverse = axes @ np.diag(1 / variances) @ axes.T
    new = unit(samples(1, 30)[0])
    offsets = new[:, None] - means
    expected = np.einsum("nki,ij,nkj->nk", offsets, inverse, offsets).min(1)
    np.testing.assert_allclose(novelty.distances(samples(1, 30)[0]), expected, rtol=0.02)


def test_shrinking_is_ledoit_and_wolfs() -> None:
    """Against their formula written out sample by sample; scikit-learn's is the same."""
    values = np.random.default_rng(3).normal(size=(40, 10)) * np.linspace(1, 3, 10)
    values -= values.mean(0)
    sample = values.T @ values / 40
    mean = np.trace(sample) / 10
    noise = sum(np.square(np.outer(row, row) - sample).sum() for row in values) / 40**2
    share = min(noise / np.square(sample - mean * np.eye(10)).sum(), 1)
    expected = (1 - share) * sample + share * mean * np.eye(10)
    np.testing.assert_allclose(shrunk_covariance(values), expected + 1e-6 * mean * np.eye(10), rtol=1e-9)
    sklearn = pytest.importorskip("sklearn.covariance")
    theirs = sklearn.LedoitWolf(assume_centered=True).fit(values).covariance_
    np.testing.assert_allclose(shrunk_covariance(values), theirs + 1e-6 * mean * np.eye(10), rtol=1e-9)


def test_both_parts_count() -> None:
    features, classes = samples(0)
    novelty = fit_novelty(features, classes, logits_of(50), features[:50])
    same = np.repeat(features[:1], 2, axis=0)
    low, high = novelty(np.array([[0, 1, 2], [0, 1, 5]], np.float32), same)
    assert low - high == pytest.approx(3, rel=1e-5), "the larger logit is the more familiar"
    away = np.stack([features[0], features[0][::-1]])
    near, far = novelty(np.zeros((2, 3), np.float32), away)
    assert far > near
    parts = novelty.distance_weight[0] * novelty.distances(features[:50])
    assert parts.std() == pytest.approx(logits_of(50).max(1).std(), rel=1e-4), "spread alike"


def test_with_many_classes_the_distance_counts_less() -> None:
    features, classes = samples(0)
    logits = np.pad(logits_of(50), ((0, 0), (0, 17)), constant_values=-9)  # twenty, of which 17 never show
    few = fit_novelty(features, classes, logits_of(50), features[:50])
    many = fit_novelty(features, classes, logits, features[:50])
    assert many.distance_weight[0] == pytest.approx(few.distance_weight[0] / 2, rel=1e-5)


@pytest.mark.parametrize("n", [1, 2, 5])
def test_a_handful_of_photos_gives_finite_numbers(n: int) -> None:
    features, classes = samples(0, n)
    novelty = fit_novelty(features, classes, logits_of(n), features)
    assert np.isfinite(novelty(logits_of(9), samples(1, 9)[0])).all()
    zeros = np.zeros((n, 24), np.float32)
    assert np.isfinite(fit_novelty(zeros, classes, logits_of(n), zeros)(logits_of(n), zeros)).all()


def test_length_does_not_count() -> None:
    features, classes = samples(0)
    novelty = fit_novelty(features, classes, logits_of(50), features[:50])
    np.testing.assert_allclose(novelty.distances(features * 7), novelty.distances(features), rtol=1e-5)
