"""Feature vectors of photos by a frozen network, computed once and kept on disk."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..architecture import GLOBAL_POOL
from ..engines.torch import Network
from ..system.atomic import atomic_file

BATCH = 64  # photos


def feature_vectors(
    network: Network,
    count: int,
    images: Callable[[int, int], Tensor],
    bfloat16: bool,
    cache: Path | None = None,
    identity: str = "",
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> Tensor:
    """float32 [count, features], normalised by the moving statistics.

    `images(start, stop)` gives the photos `start` to `stop` as float32 [n, height, width, 3] in [0, 1]. With
    `cache`, a .npy file, computed vectors are kept there and an interrupted call is resumed; vectors of
    another `identity` are replaced.
    """
    vectors, done = _opened(cache, (count, network.architecture.num_features), identity)
    device = next(network.parameters()).device
    with torch.no_grad(), torch.autocast(device.type, torch.bfloat16, enabled=bfloat16):
        for start in range(done, count, BATCH):
            stop = min(start + BATCH, count)
            batch = images(start, stop).to(device)
            vectors[start:stop] = network(batch)[GLOBAL_POOL][:, 0, 0].float().cpu().numpy()
            if cache and isinstance(vectors, np.memmap):
                vectors.flush()
                with atomic_file(_state(cache)) as temporary:
                    temporary.write_text(json.dumps({"identity": identity, "done": stop}), "utf-8")
            on_progress(stop, count)
    return torch.from_numpy(np.array(vectors))


def _opened(cache: Path | None, shape: tuple[int, int], identity: str) -> tuple[NDArray[np.float32], int]:
    """The array of vectors, and how many of them are computed already."""
    if cache is None:
        return np.empty(shape, np.float32), 0
    done = 0
    if _state(cache).exists() and cache.exists():
        facts = json.loads(_state(cache).read_text("utf-8"))
        done = facts["done"] if facts["identity"] == identity else 0
    cache.parent.mkdir(parents=True, exist_ok=True)
    mode = "r+" if done else "w+"
    return np.lib.format.open_memmap(cache, mode, np.float32, None if done else shape), done


def _state(cache: Path) -> Path:
    """The file beside `cache` that says how many vectors are computed, and of what."""
    return cache.with_suffix(".json")
