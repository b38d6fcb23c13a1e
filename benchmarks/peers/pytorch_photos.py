"""Photos for PyTorch, decoded in a DataLoader's workers: float32 [16, 3, 224, 224], [-1, 1].

By Pillow, the central 0.875 of each side, or by timm's reader and transforms, as its inference.py takes them:
the central 224 x 224 of the photo whose shorter side is 256. timm is imported where it is asked for: it takes
time that the others' first answers do not have.
"""

import os
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path

import pillow_photos
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

BATCH = 16


class Photos(Dataset[Tensor]):
    def __init__(self, paths: Sequence[str]) -> None:
        self.paths = paths

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, index: int) -> Tensor:
        return torch.from_numpy(pillow_photos.load(self.paths[index]))


def by_pillow(paths: Sequence[str]) -> Iterable[Tensor]:
    return DataLoader(Photos(paths), BATCH, num_workers=workers(paths))


def by_timm(paths: Sequence[str]) -> Iterator[Tensor]:
    declare_operators()
    from timm.data.dataset import ImageDataset
    from timm.data.loader import create_loader

    with tempfile.TemporaryDirectory() as folder:  # it takes no list of files
        for number, path in enumerate(paths):  # it answers in the order of names
            Path(folder, f"{number:06}.jpg").symlink_to(path)
        photos = create_loader(
            ImageDataset(folder),
            input_size=(3, pillow_photos.SIZE, pillow_photos.SIZE),
            batch_size=BATCH,
            use_prefetcher=False,  # which is for GPUs
            interpolation="bilinear",
            mean=(0.5,) * 3,
            std=(0.5,) * 3,
            num_workers=workers(paths),
            crop_pct=0.875,
        )
        for images, _ in photos:
            yield images


def workers(paths: Sequence[str]) -> int:
    return 0 if len(paths) == 1 else os.cpu_count() or 1


@cache
def declare_operators() -> None:
    """Declares what torchvision 0.28 looks for as it is imported, and PyTorch's CPU build beside it lacks."""
    for name in ("nms", "qnms"):
        torch.library.define(f"torchvision::{name}", "(Tensor dets, Tensor scores, float iou) -> Tensor")
