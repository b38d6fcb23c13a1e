"""Feature vectors: computed once, kept on disk, resumed after an interruption."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from helpers import runs
from helpers.written_rows import small_files

from inception_hub.architecture import GLOBAL_POOL
from inception_hub.errors import OutputError
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

    cache = tmp_path / "training.vectors"
    with pytest.raises(KeyboardInterrupt):
        feature_vectors(network, 150, batch, False, cache, "one")
    asked.clear()
    resumed: list[int] = []
    vectors = feature_vectors(network, 150, batch, False, cache, "one", on_resume=resumed.append)
    assert asked == [(128, 150)] and resumed == [128]
    with torch.no_grad():
        expected = network(images)[GLOBAL_POOL][:, 0, 0]
    assert torch.allclose(vectors, expected, atol=1e-5)
    asked.clear()
    again = feature_vectors(network, 150, batch, False, cache, "one", on_resume=resumed.append)
    assert torch.equal(again, vectors) and not asked and resumed == [128]
    with pytest.raises(KeyboardInterrupt):  # of another data set all are computed anew: more than two batches
        feature_vectors(network, 150, batch, False, cache, "two")


def constant(value: float, stopped_after: int = 1000) -> Callable[[int, int], torch.Tensor]:
    """Photos of one brightness; asking for more than so many batches is a kill."""
    asked: list[int] = []

    def batch(start: int, stop: int) -> torch.Tensor:
        asked.append(start)
        if len(asked) > stopped_after:
            raise KeyboardInterrupt
        return torch.full((stop - start, 32, 32, 3), value)

    return batch


def test_another_seeds_killed_run_leaves_nothing_to_train_on(tmp_path: Path) -> None:
    """Its vectors, or the zeros of a file made longer, are never taken for those of the first seed."""
    network, cache = runs.network(), tmp_path / "training.vectors"
    expected = feature_vectors(network, 150, constant(0.5), False)
    for batches in (0, 1, 2):
        assert torch.equal(feature_vectors(network, 150, constant(0.5), False, cache, "first"), expected)
        with pytest.raises(KeyboardInterrupt):
            feature_vectors(network, 150, constant(0.9, batches), False, cache, "second")
        assert torch.equal(feature_vectors(network, 150, constant(0.5), False, cache, "first"), expected)


def test_what_is_not_as_it_was_written_is_computed_anew(tmp_path: Path) -> None:
    network, cache = runs.network(), tmp_path / "training.vectors"
    expected = feature_vectors(network, 150, constant(0.5), False, cache, "one")
    content = cache.read_bytes()
    flipped = bytearray(content)
    flipped[len(content) // 2] ^= 1
    cut = len(content) // 2
    damaged = [bytes(flipped), content[:cut], content[:cut] + bytes(len(content) - cut), bytes(99), b""]
    for wrong in damaged:
        cache.write_bytes(wrong)
        assert torch.equal(feature_vectors(network, 150, constant(0.5), False, cache, "one"), expected)
        assert cache.read_bytes() == content


def test_a_full_disk_is_a_sentence(tmp_path: Path) -> None:
    cache = tmp_path / "features" / "training.vectors"
    with (
        small_files(),
        pytest.raises(OutputError, match="vectors need 153,600 bytes in .*features .File too"),
    ):
        feature_vectors(runs.network(), 150, constant(0.5), False, cache, "one")
