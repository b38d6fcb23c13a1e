"""Local data through Hugging Face `datasets`: never out of date, and words as they are."""

import os
from pathlib import Path

from helpers.dataset_photos import png

from inception_hub.data import open_dataset


def csv(folder: Path, *labels: str) -> Path:
    folder.mkdir(exist_ok=True)
    lines = ["path,label"]
    for number, label in enumerate(labels):
        (folder / f"{number}.png").write_bytes(png(number))
        lines.append(f"{number}.png,{label}")
    (folder / "photos.csv").write_text("\n".join(lines) + "\n")
    return folder / "photos.csv"


def test_a_file_of_the_same_size_is_read_anew(tmp_path: Path) -> None:
    path = csv(tmp_path / "data", "cat", "dog", "cat")
    assert open_dataset(path).splits["train"].classes.tolist() == [0, 1, 0]
    path = csv(tmp_path / "data", "dog", "cat", "cat")
    later = path.stat().st_mtime_ns + 1_000_000
    os.utime(path, ns=(later, later))
    assert open_dataset(path).splits["train"].classes.tolist() == [1, 0, 0]


def test_words_are_no_gaps_and_no_numbers(tmp_path: Path) -> None:
    data = open_dataset(csv(tmp_path / "data", "NA", "null", "007", "nan"))
    assert data.labels.names == ("007", "NA", "nan", "null")
    assert data.splits["train"].classes.tolist() == [1, 3, 0, 2]
