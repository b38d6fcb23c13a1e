"""Training on a GPU, photos a second by image size, as `inception-hub train` trains: part of `gpu.py`.

Each size trains two epochs of photos made at random, by the recipe of the bundled module: the first records
the step as a CUDA graph, the second is measured. One size once more with the network compiled by
`torch.compile`.
"""

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import nn

from inception_hub.architecture import Architecture
from inception_hub.engines.torch import Network
from inception_hub.evaluation import Epoch
from inception_hub.training.loop import train
from inception_hub.training.recipes import Cycle, Phase, Recipe, find_recipe
from inception_hub.training.run import Run
from inception_hub.training.training_data import Photos
from inception_hub.training.workers import Workers
from inception_hub.weights import initialise

CLASSES, STEPS = 200, 16  # of an epoch
AIMS = {64: 45_000, 96: 27_000, 128: 18_000, 224: 8_000}  # photos/s on one H200, batches of 1,024
COMPILED_SIZE = 96
BACKWARD = 3  # forward and backward take about three times the work of forward


@dataclass(frozen=True)
class Row:
    """One measured size."""

    way: str
    size: int  # px
    batch: int
    photos_per_second: float
    first_epoch_seconds: float
    tflops: float
    peak_gib: float


class Compiling(Workers):
    """The network compiled by PyTorch's Inductor."""

    def wrap(self, network: nn.Module) -> nn.Module:
        compiled = torch.compile(super().wrap(network))
        assert isinstance(compiled, nn.Module)
        return compiled


def measure(device: str, sizes: Sequence[int], batch: int, compiled: bool) -> Iterator[Row]:
    """A row for each size, as it comes."""
    for size in sizes:
        yield _row("recorded", Workers(device), size, batch)
    if compiled:
        yield _row("compiled and recorded", Compiling(device), COMPILED_SIZE, batch)


def _row(way: str, workers: Workers, size: int, batch: int) -> Row:
    recipe = find_recipe("tiny-imagenet")
    phase = recipe.cycles[0].phases[0]
    cycle = Cycle((Phase(2, size, phase.augmentation),), 1e-4)
    recipe = replace(recipe, cycles=(cycle,), batch_size=batch, stored_size=min(max(64, size), 128))
    architecture = Architecture(1.0, CLASSES)
    network = Network(architecture, initialise(architecture, 0))
    if workers.device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(workers.device)
    with tempfile.TemporaryDirectory() as folder:
        run = Run(recipe, _photos(recipe, batch), Path(folder) / "checkpoint.safetensors", {})
        first, second = train(network, run, workers)
    peak = torch.cuda.max_memory_allocated(workers.device) / 2**30 if workers.device.type == "cuda" else 0.0
    work = BACKWARD * 2 * architecture.macs(size, size) * second.images_per_second / 1e12
    return Row(way, size, batch, second.images_per_second, _seconds(first, batch), work, peak)


def _seconds(epoch: Epoch, batch: int) -> float:
    return STEPS * batch / epoch.images_per_second


def _photos(recipe: Recipe, batch: int) -> Photos:
    generator = torch.Generator().manual_seed(0)
    count, size = STEPS * batch, recipe.pixels
    images = torch.randint(0, 256, (count, size, size, 3), dtype=torch.uint8, generator=generator)
    return Photos(images, torch.ones(count), torch.arange(count) % CLASSES)


COLUMNS = "| way | px | batch | photos/s | aim | TFLOP/s | peak GiB | first epoch, s |"
HEAD = f"{COLUMNS}\n{'|---' * 8}|"


def line(row: Row) -> str:
    """A row of the table under `HEAD`."""
    aim = f"{AIMS[row.size]:,}" if row.size in AIMS and row.batch == 1024 else ""
    return (
        f"| {row.way} | {row.size} | {row.batch:,} | {row.photos_per_second:,.0f} | {aim} | {row.tflops:.1f} "
        f"| {row.peak_gib:.1f} | {row.first_epoch_seconds:.1f} |"
    )
