"""The training loop: epochs over images in memory, bfloat16 autocast, a checkpoint after every epoch."""

import math
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file

from ..architecture import LOGITS, LOGITS_LAYER, Architecture
from ..engines.torch import Network
from ..weights import initialise
from .augmentation import distort
from .data import ImageSet
from .muon import Muon
from .recipes import Recipe


@dataclass(frozen=True)
class Epoch:
    """What one epoch came to."""

    number: int  # from 1
    size: int  # px
    loss: float  # mean over the epoch, label smoothing included
    images_per_second: float


def train(
    recipe: Recipe,
    data: ImageSet,
    num_classes: int,
    checkpoint: Path,
    seed: int = 0,
    report: Callable[[Epoch], None] = lambda epoch: None,
) -> Network:
    """Trains from scratch; run again, it goes on after the last epoch in `checkpoint`."""
    architecture = Architecture(1.0, num_classes)
    network = Network(architecture, initialise(architecture, seed))
    optimisers = _optimisers(network, recipe)
    done = _restore(checkpoint, network, optimisers)
    steps_per_epoch = len(data.labels) // recipe.batch_size
    total = steps_per_epoch * len(recipe.epochs)
    for epoch, phase in enumerate(recipe.epochs[done:], start=done):
        generator = torch.Generator().manual_seed(seed * 1_000_003 + epoch)
        order = torch.randperm(len(data.labels), generator=generator)
        losses, start = 0.0, time.perf_counter()
        for i in range(steps_per_epoch):
            _schedule(optimisers, recipe, (epoch * steps_per_epoch + i) / total)
            batch = order[i * recipe.batch_size : (i + 1) * recipe.batch_size]
            images = distort(data.images[batch], phase.size, phase.min_area, generator)
            with torch.autocast("cpu", torch.bfloat16):
                endpoints = network(images, batch_statistics=True, momentum=recipe.batch_norm_momentum)
            loss = F.cross_entropy(
                endpoints[LOGITS].float(), data.labels[batch], label_smoothing=recipe.label_smoothing
            )
            loss.backward()
            for optimiser in optimisers:
                optimiser.step()
                optimiser.zero_grad()
            losses += loss.item()
        _save(checkpoint, network, optimisers, epoch + 1)
        speed = steps_per_epoch * recipe.batch_size / (time.perf_counter() - start)
        report(Epoch(epoch + 1, phase.size, losses / steps_per_epoch, speed))
    return network


def _optimisers(network: Network, recipe: Recipe) -> list[torch.optim.Optimizer]:
    head = network.get_parameter(f"{LOGITS_LAYER}/weights")
    regularized = [
        network.get_parameter(v.name) for v in network.architecture.variables.values() if v.regularized
    ]
    kernels = [p for p in regularized if p is not head]
    members = {id(p) for p in regularized}
    rest = [p for p in network.parameters() if id(p) not in members]
    return [
        Muon(kernels, recipe.learning_rate, recipe.weight_decay),
        torch.optim.AdamW(
            [dict(params=[head], weight_decay=recipe.weight_decay), dict(params=rest, weight_decay=0.0)],
            lr=recipe.head_learning_rate,
        ),
    ]


def _schedule(optimisers: list[torch.optim.Optimizer], recipe: Recipe, progress: float) -> None:
    factor = min(progress / recipe.warmup, 0.5 * (1 + math.cos(math.pi * progress)))
    for optimiser, rate in zip(optimisers, (recipe.learning_rate, recipe.head_learning_rate), strict=True):
        for group in optimiser.param_groups:
            group["lr"] = rate * factor


def _save(path: Path, network: Network, optimisers: list[torch.optim.Optimizer], epoch: int) -> None:
    tensors = {f"weights/{name}": tensor for name, tensor in network.state_dict().items()}
    for name, parameter in network.named_parameters():
        for optimiser in optimisers:
            for key, value in optimiser.state.get(parameter, {}).items():
                tensors[f"{key}/{name}"] = value
    temporary = path.with_suffix(".partial")
    save_file(tensors, temporary, {"epoch": str(epoch)})
    os.replace(temporary, path)


def _restore(path: Path, network: Network, optimisers: list[torch.optim.Optimizer]) -> int:
    """Puts back what `_save` wrote; the number of epochs done."""
    if not path.exists():
        return 0
    from safetensors import safe_open

    with safe_open(path, "pt") as file:
        epoch = int(file.metadata()["epoch"])
    tensors = load_file(path)
    network.load_state_dict({name: tensors[f"weights/{name}"] for name in network.state_dict()})
    names = {id(parameter): name for name, parameter in network.named_parameters()}
    for optimiser, keys in zip(optimisers, (("momentum",), ("step", "exp_avg", "exp_avg_sq")), strict=True):
        for group in optimiser.param_groups:
            for parameter in group["params"]:
                optimiser.state[parameter] = {key: tensors[f"{key}/{names[id(parameter)]}"] for key in keys}
    return epoch
