"""Random numbers that depend on their purpose, not on when or where they are drawn.

Each number is a hash of a key and its coordinates (which sample, which epoch, which use), so a run split
over processes, or interrupted and resumed, draws what the whole run on one process draws.
"""

from dataclasses import dataclass
from typing import TypeVar

import torch
from torch import Tensor

_LOW = 0xFFFFFFFF
_STEP = 0x9E3779B9  # the golden ratio times 2**32: keeps small coordinates apart

_Number = TypeVar("_Number", int, Tensor)


@dataclass(frozen=True, eq=False)
class Draws:
    """The random numbers of one epoch, computed on the device that trains.

    `seed`: from 0 on, of which 64 bits count. `epoch`: int64, 0-dim, on the device; it may be changed in
    place, so that a recorded CUDA graph draws the next epoch's numbers when it is replayed.
    """

    seed: int
    epoch: Tensor

    def uniform(self, use: str, samples: Tensor, count: int = 1) -> Tensor:
        """float32 [n, count] in [0, 1) for `samples`, int64 [n], on their device.

        `use` names what the numbers are for: each use draws its own numbers.
        """
        state = _hashed(_key(self.seed, use), self.epoch)
        rows = _hashed(state, samples)
        columns = _mixed(torch.arange(1, count + 1, device=samples.device) * _STEP)
        return (_mixed(rows[:, None] ^ columns) >> 8).float() / 2**24


def permutation(seed: int, epoch: int, count: int) -> Tensor:
    """int64 [count]: the order of an epoch's samples, the same on every process."""
    return torch.randperm(count, generator=torch.Generator().manual_seed((seed * 1_000_003 + epoch) % 2**63))


def _key(seed: int, use: str) -> int:
    """32 bits of `seed` and `use`, by Python's integers alone: nothing is copied to the device."""
    key = 0
    for word in (seed & _LOW, seed >> 32 & _LOW, *use.encode()):
        key = _mixed(key ^ _mixed(word + _STEP))
    return key


def _hashed(state: int | Tensor, coordinate: Tensor) -> Tensor:
    return _mixed(_mixed(coordinate + _STEP) ^ state)


def _mixed(x: _Number) -> _Number:
    """MurmurHash3's 32-bit finaliser (Austin Appleby), on 32-bit values held in int or int64."""
    x = x & _LOW
    x = (x ^ x >> 16) * 0x85EBCA6B & _LOW
    x = (x ^ x >> 13) * 0xC2B2AE35 & _LOW
    return x ^ x >> 16
