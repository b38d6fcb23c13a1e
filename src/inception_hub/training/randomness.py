"""Random numbers that depend on what they are for, not on when or where they are drawn.

Each number is a hash of a key and its coordinates (which sample, which epoch, which use), so a run split
over processes, or interrupted and resumed, draws what the whole run on one process draws.
"""

import torch
from torch import Tensor

_LOW = 0xFFFFFFFF


def uniform(seed: int, epoch: int, use: str, samples: Tensor, count: int = 1) -> Tensor:
    """float32 [n, count] in [0, 1) for `samples`, int64 [n], on their device.

    `use` names what the numbers are for: other uses draw other numbers.
    """
    key = torch.tensor([seed & _LOW, seed >> 32 & _LOW, epoch, *use.encode()])
    state = torch.zeros(1, dtype=torch.int64)
    for word in key:
        state = _mixed(state ^ _mixed(word + 0x9E3779B9))
    state = state.to(samples.device)
    rows = _mixed(_mixed(samples + 0x9E3779B9) ^ state)
    columns = _mixed(torch.arange(1, count + 1, device=samples.device) * 0x9E3779B1 & _LOW)
    return (_mixed(rows[:, None] ^ columns) >> 8).float() / 2**24


def permutation(seed: int, epoch: int, count: int) -> Tensor:
    """int64 [count]: the order of an epoch's samples, the same on every process."""
    return torch.randperm(count, generator=torch.Generator().manual_seed(seed * 1_000_003 + epoch))


def _mixed(x: Tensor) -> Tensor:
    """MurmurHash3's 32-bit finaliser (Austin Appleby), on 32-bit values held in int64."""
    x = x & _LOW
    x = (x ^ x >> 16) * 0x85EBCA6B & _LOW
    x = (x ^ x >> 13) * 0xC2B2AE35 & _LOW
    return x ^ x >> 16
