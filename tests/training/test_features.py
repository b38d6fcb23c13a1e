"""Feature vectors: computed once, kept on disk, resumed after an interruption."""

from pathlib import Path

import pytest
import torch
from helpers import runs

from inception_hub.architecture import GLOBAL_POOL
from inception_hub.training.features import feature_vectors


def test_features_are_cached_and_an_interrupted_pass_is_resumed(tmp_path: Path) -> None:
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
    vectors = feature_vectors(network, 150, batch, False, cache, "one")
    assert asked == [(128, 150)]
    with torch.no_grad():
        expected = network(images)[GLOBAL_POOL][:, 0, 0]
    assert torch.allclose(vectors, expected, atol=1e-5)
    asked.clear()
    assert torch.equal(feature_vectors(network, 150, batch, False, cache, "one"), vectors) and not asked
    with pytest.raises(KeyboardInterrupt):  # of another data set all are computed anew: more than two batches
        feature_vectors(network, 150, batch, False, cache, "two")
