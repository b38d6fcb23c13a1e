"""Which photos come to which process in which step, and how they come there."""

from dataclasses import dataclass

import pytest
import torch
from helpers import runs
from torch import Tensor

from inception_hub.training.batches import Batch, BatchLoader
from inception_hub.training.randomness import permutation

PHOTOS = runs.photos(14)


@dataclass(frozen=True)
class Part:
    """One of several processes, as `Workers` is it."""

    index: int = 0
    count: int = 1
    device: torch.device = torch.device("cpu")

    def share(self, batch: Tensor) -> Tensor:
        return batch.tensor_split(self.count)[self.index]


class Resident(BatchLoader):
    """As on a GPU whose memory holds all photos."""

    def _fits(self) -> bool:
        return True


def samples(loader: BatchLoader, first: int = 0, neighbours: bool = False) -> list[list[int]]:
    return [batch.samples.tolist() for batch in loader.batches(3, 4, first, neighbours)]


def test_an_epoch_shows_each_photo_once_in_the_seeds_order() -> None:
    order = permutation(7, 3, 14).tolist()
    assert samples(BatchLoader(PHOTOS, 7, Part())) == [order[0:4], order[4:8], order[8:12]]  # type: ignore[arg-type]
    assert samples(BatchLoader(PHOTOS, 7, Part()), first=2) == [order[8:12]]  # type: ignore[arg-type]
    assert samples(BatchLoader(PHOTOS, 8, Part())) != samples(BatchLoader(PHOTOS, 7, Part()))  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", [BatchLoader, Resident])
def test_processes_divide_a_batch_and_know_the_photo_before_theirs(kind: type[BatchLoader]) -> None:
    order = permutation(7, 3, 14).tolist()
    first, second = (samples(kind(PHOTOS, 7, Part(i, 2)), neighbours=True) for i in (0, 1))  # type: ignore[arg-type]
    assert first[1] == [order[7], order[4], order[5]]
    assert second[1] == [order[5], order[6], order[7]]


def test_photos_come_with_their_numbers() -> None:
    for batch in BatchLoader(PHOTOS, 7, Part()).batches(0, 4, 0, neighbours=True):  # type: ignore[arg-type]
        assert batch.images is not None and torch.equal(batch.images, PHOTOS.images[batch.samples])
        assert len(batch.samples) == 5 and batch.waited >= 0


def test_photos_on_the_device_are_not_sent_again() -> None:
    loader = Resident(PHOTOS, 7, Part())  # type: ignore[arg-type]
    batches: list[Batch] = list(loader.batches(0, 4, 0, neighbours=False))
    assert loader.resident is not None and torch.equal(loader.resident, PHOTOS.images)
    assert [batch.images for batch in batches] == [None] * 3
