"""The batches of a training run: which photos each step takes, and their transfer to the device.

On a GPU all photos lie in its memory if they fit; else, and on the CPU, a thread fetches those of the next
step while the present one computes.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from ..system.threads import in_order
from .randomness import permutation
from .training_data import Photos
from .workers import Workers

RESIDENT_SHARE = 0.4  # of a GPU's free memory that photos may take; activations need the rest


@dataclass(frozen=True)
class Batch:
    """The photos of one step: `samples`, int64 [n], their numbers; `images`, uint8 [n, size, size, 3], or
    None where all photos are on the device. `waited`: seconds until they had come."""

    samples: Tensor
    images: Tensor | None
    waited: float


class BatchLoader:
    """Loads the batches of `photos`, this process's share of them, onto its device."""

    def __init__(self, photos: Photos, seed: int, workers: Workers) -> None:
        self._photos, self._seed, self._workers = photos, seed, workers
        self.resident = photos.images.to(workers.device) if self._fits() else None

    def _fits(self) -> bool:
        if self._workers.device.type != "cuda":
            return False
        free, _ = torch.cuda.mem_get_info(self._workers.device)
        return self._photos.images.nbytes < RESIDENT_SHARE * free

    def batches(self, epoch: int, size: int, first: int, neighbours: bool) -> Iterator[Batch]:
        """Batches of `size` photos over all processes, from the step `first` of an epoch on.

        With `neighbours` each photo comes after the one before it in the whole batch, as mixing needs: one
        more than this process's share.
        """
        order = permutation(self._seed, epoch, len(self._photos.classes))
        steps = range(first, len(order) // size)

        def share(step: int) -> Tensor:
            whole = order[step * size : (step + 1) * size]
            mine = self._workers.share(whole)
            if not neighbours:
                return mine
            return torch.cat([self._workers.share(whole.roll(1))[:1], mine])

        if self.resident is None:
            yield from self._fetched(steps, share)
        else:
            for step in steps:
                yield Batch(self._sent(share(step)), None, 0.0)

    def _fetched(self, steps: range, share: Callable[[int], Tensor]) -> Iterator[Batch]:
        """The batches of `steps`, each fetched by a thread while the one before is computed with."""
        device = self._workers.device

        def fetch(step: int) -> tuple[Tensor, Tensor]:
            samples = share(step)
            # By NumPy: PyTorch would start a second team of threads here, which waits by spinning.
            images = torch.from_numpy(self._photos.images.numpy()[samples.numpy()])
            return samples, images.pin_memory() if device.type == "cuda" else images

        start = time.perf_counter()
        for samples, images in in_order(fetch, steps, threads=1, ahead=1):
            waited = time.perf_counter() - start
            yield Batch(self._sent(samples), images.to(device, non_blocking=True), waited)
            start = time.perf_counter()

    def _sent(self, samples: Tensor) -> Tensor:
        device = self._workers.device
        if device.type != "cuda":
            return samples
        return samples.pin_memory().to(device, non_blocking=True)  # from plain memory the CPU would wait
