"""Training throughput: our loop against a plain PyTorch loop over the same network, in one run.

    python benchmarks/training.py [DATA] [--size 96] [--batch 64] [--steps 16] [--rounds 3]

DATA: a folder of one-folder-per-class photos or of Parquet files, as `inception-hub train` takes; without it
512 JPEG files of 1024 x 768, made from photos that come with scikit-image and scikit-learn. Both sides
read the same files, take random crops and flips, run the network in bfloat16 autocast and channels-last and
step AdamW. The plain side is what a competent user writes: `nn.Conv2d`, `nn.BatchNorm2d`, a `DataLoader`
whose workers decode with Pillow. Sides alternate, each in a process of its own; the first steps, where
memory and kernels are set up, are not counted. What counts is photos a second, decoding included: our side
decodes before its first step, and the time that took is spread over the 16 epochs of a fine-tuning run.
"""

import argparse
import io
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

WARM_UP = 3  # steps
EPOCHS = 16  # as `finetune` takes for three thousand photos
MADE, MADE_SIZE = 512, (1024, 768)  # photos, and their width and height in px


def make_photos(folder: Path) -> None:
    """Crops of four photos, a class each, enlarged or reduced to an ordinary size."""
    import numpy as np
    from PIL import Image
    from skimage import data
    from sklearn.datasets import load_sample_image

    generator = np.random.default_rng(0)
    sources = [data.chelsea(), data.coffee(), load_sample_image("china.jpg"), load_sample_image("flower.jpg")]
    for number in range(MADE):
        image = Image.fromarray(sources[number % 4])
        share = generator.uniform(0.5, 1)
        width, height = int(image.width * share), int(image.height * share)
        x, y = (int(generator.integers(0, n + 1)) for n in (image.width - width, image.height - height))
        path = folder / f"class {number % 4}" / f"{number}.jpg"
        path.parent.mkdir(exist_ok=True)
        image.resize(MADE_SIZE, Image.Resampling.BICUBIC, (x, y, x + width, y + height)).save(
            path, quality=90
        )


def ours(data: str, size: int, batch: int, steps: int) -> dict[str, float]:
    """Our loop, as `inception-hub finetune` runs it."""
    from inception_hub.architecture import Architecture
    from inception_hub.data import open_dataset
    from inception_hub.engines.torch import Network
    from inception_hub.system.memory import keep_freed_memory
    from inception_hub.training.augmentation import Augmentation
    from inception_hub.training.listener import RunListener
    from inception_hub.training.loop import train
    from inception_hub.training.recipes import AdamW, Cycle, Phase, Recipe
    from inception_hub.training.run import Run
    from inception_hub.training.training_data import training_photos
    from inception_hub.training.workers import Workers
    from inception_hub.weights import initialise

    keep_freed_memory()
    dataset = open_dataset(data)
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        photos, _ = training_photos(dataset, size, Path(folder), RunListener())
        decoding = time.perf_counter() - start
        architecture = Architecture(1.0, len(dataset.labels))
        network = Network(architecture, initialise(architecture, 0))
        ticks: list[float] = []

        class Enough(Exception):
            pass

        class Clock(RunListener):
            def progress(self, task: str, done: int, total: int) -> None:
                ticks.append(time.perf_counter())
                if len(ticks) == WARM_UP + steps:
                    raise Enough

        recipe = Recipe(
            name="benchmark",
            cycles=(Cycle((Phase(100, size, Augmentation()),), 1e-3),),
            optimiser=AdamW(0.05),
            batch_size=batch,
            image_size=size,
        )
        run = Run(recipe, photos, Path(folder) / "checkpoint.safetensors", {}, listener=Clock())
        try:
            train(network, run, Workers())
        except Enough:
            pass
    stepping = (ticks[-1] - ticks[WARM_UP - 1]) / (steps * batch)
    decoded = decoding / len(photos.classes)
    return {
        "images_per_second": 1 / (stepping + decoded / EPOCHS),
        "of_steps_alone": 1 / stepping,
        "decoding_ms": 1000 * decoded,
    }


def plain(data: str, size: int, batch: int, steps: int) -> dict[str, float]:
    """The loop a competent user writes."""
    import math
    import random

    import numpy as np
    import torch
    from PIL import Image
    from torch import nn
    from torch.utils.data import DataLoader
    from torch.utils.data import Dataset as TorchDataset

    from inception_hub.architecture import Architecture, Layer, same_padding
    from inception_hub.data import open_dataset

    dataset = open_dataset(data)
    split = dataset.splits["train"]

    class Images(TorchDataset):
        def __len__(self) -> int:
            return len(split)

        def __getitem__(self, index: int) -> tuple[torch.Tensor, int]:
            image = Image.open(io.BytesIO(split.encoded(index))).convert("RGB")
            width, height = image.size
            area = random.uniform(0.4, 1) * width * height
            ratio = math.exp(random.uniform(-math.log(4 / 3), math.log(4 / 3)))
            w = min(round(math.sqrt(area * ratio)), width)
            h = min(round(math.sqrt(area / ratio)), height)
            x, y = random.randint(0, width - w), random.randint(0, height - h)
            image = image.resize((size, size), Image.Resampling.BILINEAR, (x, y, x + w, y + h))
            if random.random() < 0.5:
                image = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
            pixels = torch.from_numpy(np.array(image)).permute(2, 0, 1)
            return pixels.float() / 127.5 - 1, int(split.classes[index])

    class Same(nn.Module):
        """SAME padding in front of a layer with a stride."""

        def __init__(self, kernel: int, stride: int, value: float) -> None:
            super().__init__()
            self.kernel, self.stride, self.value = kernel, stride, value

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            (top, bottom), (left, right) = (same_padding(n, self.kernel, self.stride) for n in x.shape[2:])
            return nn.functional.pad(x, (left, right, top, bottom), value=self.value)

    class Block(nn.Module):
        def __init__(self, branches: list[nn.Sequential]) -> None:
            super().__init__()
            self.branches = nn.ModuleList(branches)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return torch.cat([branch(x) for branch in self.branches], 1)

    def layers(layer: Layer) -> list[nn.Module]:
        k, s = layer.kernel, layer.stride
        pad = [Same(k, s, -math.inf if layer.op == "max_pool" else 0.0)] if s > 1 else []
        padding = 0 if s > 1 else k // 2
        if layer.op == "avg_pool":
            return [nn.AvgPool2d(k, s, padding, count_include_pad=False)]
        if layer.op == "max_pool":
            return [*pad, nn.MaxPool2d(k, s, padding)]
        if layer.op == "separable_conv":
            inside, multiplier = layer.in_channels, layer.depthwise_multiplier
            return [
                *pad,
                nn.Conv2d(inside, inside * multiplier, k, s, padding, groups=inside, bias=False),
                nn.Conv2d(inside * multiplier, layer.out_channels, 1),
                nn.ReLU(inplace=True),
            ]
        conv = nn.Conv2d(layer.in_channels, layer.out_channels, k, s, padding, bias=False)
        return [*pad, conv, nn.BatchNorm2d(layer.out_channels, 1e-3, 0.01), nn.ReLU(inplace=True)]

    architecture = Architecture(1.0, len(dataset.labels))
    blocks = [
        Block([nn.Sequential(*[m for layer in branch for m in layers(layer)]) for branch in block.branches])
        for block in architecture.blocks
    ]
    network = nn.Sequential(
        *blocks,
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Dropout(0.2),
        nn.Linear(architecture.num_features, len(dataset.labels)),
    ).to(memory_format=torch.channels_last)  # pyright: ignore - their stubs
    optimiser = torch.optim.AdamW(network.parameters(), lr=1e-3, weight_decay=0.05, fused=True)
    loader = DataLoader(Images(), batch, shuffle=True, num_workers=2, drop_last=True, persistent_workers=True)
    ticks: list[float] = []
    while True:
        for images, classes in loader:
            with torch.autocast("cpu", torch.bfloat16):
                logits = network(images.to(memory_format=torch.channels_last))
            loss = nn.functional.cross_entropy(logits.float(), classes, label_smoothing=0.1)
            loss.backward()
            optimiser.step()
            optimiser.zero_grad()
            loss.item()
            ticks.append(time.perf_counter())
            if len(ticks) == WARM_UP + steps:
                return {"images_per_second": steps * batch / (ticks[-1] - ticks[WARM_UP - 1])}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("data", nargs="?")
    parser.add_argument("--size", type=int, default=96)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--steps", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--side", choices=["ours", "plain"], help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.side:
        side = ours if given.side == "ours" else plain
        print(json.dumps(side(given.data, given.size, given.batch, given.steps)))
        return
    with tempfile.TemporaryDirectory() as folder:
        if given.data is None:
            make_photos(Path(folder))
            sys.argv.insert(1, folder)
        measure(given.rounds)


def measure(rounds: int) -> None:
    """Both sides in turn, each in a process of its own."""
    rates: dict[str, list[float]] = {"ours": [], "plain": []}
    for number in range(rounds):
        for side, found_so_far in rates.items():
            command = [sys.executable, __file__, *sys.argv[1:], "--side", side]
            found = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
            found_so_far.append(found["images_per_second"])
            print(f"round {number + 1}, {side}: {json.dumps(found)}", flush=True)
    fast, slow = (statistics.median(found) for found in rates.values())
    print(f"medians: ours {fast:.0f}, plain {slow:.0f} photos a second; ratio {fast / slow:.2f}")


if __name__ == "__main__":
    main()
