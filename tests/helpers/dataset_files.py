"""Small data sets on disk: class folders, Parquet files and tar shards of tiny photos."""

import io
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from helpers.dataset_photos import png
from inception_hub.data import Dataset

COUNTS = {"daisy": 2, "rose": 3}


def class_folders(root: Path, counts: Mapping[str, int] = COUNTS, seed: int = 0) -> Path:
    """A folder for each class, with photos of seeds that follow on `seed`."""
    for name, count in counts.items():
        (root / name).mkdir(parents=True)
        for i in range(count):
            seed += 1
            (root / name / f"{i}.png").write_bytes(png(seed))
    return root


def parquet(path: Path, labels: list[Any], *, bare: bool = False, seed: int = 0) -> Path:
    """A Parquet file of photos and `labels`; `bare`: images as bytes, not as Hugging Face writes them."""
    import pyarrow as pa
    import pyarrow.parquet

    photos = [png(seed + i) for i in range(len(labels))]
    images: Any = photos if bare else [{"bytes": photo, "path": "a.png"} for photo in photos]
    pyarrow.parquet.write_table(pa.table({"image": images, "label": labels}), path)
    return path


def tar(path: Path, records: list[dict[str, bytes]]) -> Path:
    """A WebDataset shard: each of `records` as files of one name, by extension."""
    with tarfile.open(path, "w") as file:
        for i, record in enumerate(records):
            for extension, content in record.items():
                member = tarfile.TarInfo(f"{i:04}.{extension}")
                member.size = len(content)
                file.addfile(member, io.BytesIO(content))
    return path


def contents(data: Dataset, split: str = "train") -> list[bytes]:
    """The photos' bytes."""
    part = data.splits[split]
    return [part.encoded(i) for i in range(len(part))]
