"""Labelled images of one size from a Parquet folder in the layout Hugging Face `datasets` reads."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ..errors import FormatError, HandleError
from ..images import decode


@dataclass(frozen=True)
class ImageSet:
    """`images`: uint8 [n, height, width, 3]; `labels`: int64 [n]."""

    images: Tensor
    labels: Tensor


def load_split(folder: Path, split: str) -> ImageSet:
    """All of `folder/<split>-*.parquet`, in file order, decoded into memory."""
    import pyarrow.parquet

    files = sorted(folder.glob(f"{split}-*.parquet"))
    if not files:
        raise HandleError(
            f"{folder} holds no {split}-*.parquet; give a folder in the layout of Hugging Face datasets."
        )
    images: list[np.ndarray] = []
    labels: list[int] = []
    for file in files:
        try:
            table = pyarrow.parquet.read_table(file, columns=["image", "label"])
        except (OSError, pyarrow.ArrowException) as error:
            reason = str(error).splitlines()[0].rstrip(".")
            raise FormatError(
                f"{file} cannot be read ({reason}); give Parquet with image and label."
            ) from error
        labels += table["label"].to_pylist()
        images += [decode(record["bytes"]) for record in table["image"].to_pylist()]
    if len({image.shape for image in images}) != 1:
        raise FormatError(
            f"The {split} images of {folder} differ in size; this recipe takes images of one size."
        )
    return ImageSet(torch.from_numpy(np.stack(images)), torch.tensor(labels))
