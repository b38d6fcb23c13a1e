"""The first phase of fine-tuning: a new head on frozen features, whose vectors are computed once."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from ..architecture import GLOBAL_POOL
from ..engines.torch import Network
from .job import Score

BATCH = 64
DECAYS = (1e-4, 1e-3, 1e-2, 1e-1)  # strengths of the head's weight decay; the validation photos choose
ITERATIONS = 200


def feature_vectors(
    network: Network,
    count: int,
    images: Callable[[int, int], Tensor],
    bfloat16: bool,
    cache: Path | None = None,
    identity: str = "",
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> Tensor:
    """float32 [count, features] by the moving statistics; `images(start, stop)` gives float32 in [0, 1].

    With `cache`, a .npy file, what was computed is kept there and an interrupted call goes on; vectors of
    another `identity` are replaced.
    """
    shape = (count, network.architecture.num_features)
    state = cache.with_suffix(".json") if cache else None
    done = 0
    if cache and state and state.exists() and cache.exists():
        facts = json.loads(state.read_text("utf-8"))
        done = facts["done"] if facts["identity"] == identity else 0
    if cache:
        cache.parent.mkdir(parents=True, exist_ok=True)
        vectors = np.lib.format.open_memmap(
            cache, "r+" if done else "w+", np.float32, None if done else shape
        )
    else:
        vectors = np.empty(shape, np.float32)
    device = next(network.parameters()).device
    with torch.no_grad(), torch.autocast(device.type, torch.bfloat16, enabled=bfloat16):
        for start in range(done, count, BATCH):
            stop = min(start + BATCH, count)
            batch = images(start, stop).to(device)
            vectors[start:stop] = network(batch)[GLOBAL_POOL][:, 0, 0].float().cpu().numpy()
            if isinstance(vectors, np.memmap) and state:
                vectors.flush()
                temporary = state.with_suffix(".partial")
                temporary.write_text(json.dumps({"identity": identity, "done": stop}), "utf-8")
                os.replace(temporary, state)
            on_progress(stop, count)
    return torch.from_numpy(np.array(vectors))


def fit_head(
    vectors: Tensor,
    classes: Tensor,
    num_classes: int,
    validation: tuple[Tensor, Tensor] | None = None,
    class_weights: Tensor | None = None,
) -> tuple[Tensor, Tensor, Score | None]:
    """Softmax regression by L-BFGS: kernel [features, classes], biases [classes], and how it validates.

    Of the strengths `DECAYS` the one with the lowest validation loss is taken; without `validation` the
    middle one.
    """
    scale = vectors.std().clamp(min=1e-6)  # features of any network in the range that DECAYS is for
    fits: list[tuple[Tensor, Tensor, Score | None]] = []
    decays = DECAYS if validation else DECAYS[1:2]
    for decay in decays:
        kernel, biases = _fit(vectors / scale, classes, num_classes, decay, class_weights)
        kernel = kernel / scale
        score = None
        if validation:
            logits = validation[0] @ kernel + biases
            hits = (logits.argmax(1) == validation[1]).float().mean()
            score = Score(float(F.cross_entropy(logits, validation[1])), float(hits))
        fits.append((kernel, biases, score))
    return min(fits, key=lambda fit: fit[2].loss if fit[2] else 0.0)


def _fit(
    vectors: Tensor, classes: Tensor, num_classes: int, decay: float, class_weights: Tensor | None
) -> tuple[Tensor, Tensor]:
    kernel = torch.zeros(vectors.shape[1], num_classes, requires_grad=True)
    biases = torch.zeros(num_classes, requires_grad=True)
    optimiser = torch.optim.LBFGS([kernel, biases], max_iter=ITERATIONS, line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        optimiser.zero_grad()
        loss = F.cross_entropy(vectors @ kernel + biases, classes, class_weights)
        loss = loss + decay / 2 * kernel.square().sum()
        loss.backward()
        return loss

    optimiser.step(closure)  # type: ignore[arg-type]
    return kernel.detach(), biases.detach()
