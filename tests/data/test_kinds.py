"""Which files make up which split, in an order that no disk decides."""

from pathlib import Path

import pytest

from inception_hub.data.kinds import find

NAMES = [f"{number * 37 % 101:03}" for number in range(101)]  # neither ascending nor descending


def touched(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    return path


def test_photos_and_classes_come_sorted_however_the_disk_lists_them(tmp_path: Path) -> None:
    for name in NAMES:
        touched(tmp_path / f"class {name}" / "photo.jpg")
        touched(tmp_path / "class 050" / f"{name}.png")
    files = find(tmp_path).files["train"]
    assert files == sorted(files) and len(files) == 202


@pytest.mark.parametrize("suffix", ["parquet", "tar"])
def test_shards_come_sorted(tmp_path: Path, suffix: str) -> None:
    for name in NAMES:
        touched(tmp_path / f"train-{name}.{suffix}")
    files = find(tmp_path).files["train"]
    assert [Path(file).name for file in files] == sorted(f"train-{name}.{suffix}" for name in NAMES)


@pytest.mark.parametrize(
    ("folder", "split"),
    [
        ("training", "train"),
        ("val", "validation"),
        ("Valid", "validation"),
        ("dev", "validation"),
        ("testing", "test"),
    ],
)
def test_folders_of_a_split(tmp_path: Path, folder: str, split: str) -> None:
    touched(tmp_path / "train" / "cat" / "0.jpg")
    photo = touched(tmp_path / folder / "dog" / "1.jpg")
    assert str(photo) in find(tmp_path).files[split]
