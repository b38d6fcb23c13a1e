"""The first phase: features computed once, a head fitted to them."""

from pathlib import Path

import numpy as np
import pytest
import torch
from helpers import runs
from sklearn.linear_model import LogisticRegression

from inception_hub.architecture import GLOBAL_POOL
from inception_hub.training.features import feature_vectors, fit_head
from inception_hub.training.memory import keep_freed_memory


def test_the_head_is_softmax_regression() -> None:
    generator = np.random.RandomState(0)
    classes = generator.randint(0, 3, 200)
    vectors = (generator.normal(size=(200, 8)) + np.eye(3, 8)[classes]).astype(np.float32)
    kernel, biases, score = fit_head(torch.from_numpy(vectors), torch.from_numpy(classes), 3)
    scale = vectors.std(ddof=1)
    # scikit-learn sums losses where we take their mean: C = 1 / (n * decay).
    reference = LogisticRegression(C=1 / (200 * 1e-3), tol=1e-8, max_iter=1000).fit(vectors / scale, classes)
    found = torch.softmax(torch.from_numpy(vectors) @ kernel + biases, 1).numpy()
    np.testing.assert_allclose(found, reference.predict_proba(vectors / scale), atol=2e-3)
    assert score is None


def test_validation_chooses_the_strength() -> None:
    generator = torch.Generator().manual_seed(0)
    classes = torch.arange(60) % 2
    vectors = torch.randn(60, 100, generator=generator)  # noise: the stronger the decay the better
    held_out = (torch.randn(200, 100, generator=generator), torch.arange(200) % 2)
    chosen, _, score = fit_head(vectors, classes, 2, held_out)
    unchosen, biases, _ = fit_head(vectors, classes, 2)
    loss = torch.nn.functional.cross_entropy(held_out[0] @ unchosen + biases, held_out[1])
    assert score is not None and score.loss < float(loss) - 0.5
    assert float(chosen.norm()) < float(unchosen.norm())


def test_features_are_cached_and_an_interrupted_pass_goes_on(tmp_path: Path) -> None:
    network = runs.network()
    images = torch.rand(150, 32, 32, 3)
    asked: list[tuple[int, int]] = []

    def batch(start: int, stop: int) -> torch.Tensor:
        if len(asked) == 2:
            raise KeyboardInterrupt
        asked.append((start, stop))
        return images[start:stop]

    cache = tmp_path / "features.npy"
    with pytest.raises(KeyboardInterrupt):
        feature_vectors(network, 150, batch, False, cache, "one")
    asked.clear()
    found = feature_vectors(network, 150, batch, False, cache, "one")
    assert asked == [(128, 150)]
    with torch.no_grad():
        expected = network(images)[GLOBAL_POOL][:, 0, 0]
    assert torch.allclose(found, expected, atol=1e-5)
    asked.clear()
    assert torch.equal(feature_vectors(network, 150, batch, False, cache, "one"), found) and not asked
    with pytest.raises(KeyboardInterrupt):  # of another data set all are computed anew: more than two batches
        feature_vectors(network, 150, batch, False, cache, "two")


def test_glibc_is_told_to_keep_freed_memory() -> None:
    import platform

    assert keep_freed_memory() == (platform.libc_ver()[0] == "glibc")
