"""The files of each split, in the same order on every disk."""

from pathlib import Path

import pytest

from inception_hub.data.data_files import find_data_files

NAMES = [f"{number * 37 % 101:03}" for number in range(101)]  # neither ascending nor descending


def touched(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    return path


def test_photos_and_classes_come_sorted_however_the_disk_lists_them(tmp_path: Path) -> None:
    for name in NAMES:
        touched(tmp_path / f"class {name}" / "photo.jpg")
        touched(tmp_path / "class 050" / f"{name}.png")
    files = find_data_files(tmp_path).files["train"]
    assert files == sorted(files) and len(files) == 202


@pytest.mark.parametrize("suffix", ["parquet", "tar"])
def test_shards_come_sorted(tmp_path: Path, suffix: str) -> None:
    for name in NAMES:
        touched(tmp_path / f"train-{name}.{suffix}")
    files = find_data_files(tmp_path).files["train"]
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
    assert str(photo) in find_data_files(tmp_path).files[split]


def test_relative_paths_start_from_the_folder_of_a_single_file(tmp_path: Path) -> None:
    (tmp_path / "list.CSV").write_text("path,label\n")
    data_files = find_data_files(tmp_path / "list.CSV")
    assert (data_files.format, data_files.root) == ("csv", tmp_path)
    assert data_files.files == {"train": [str(tmp_path / "list.CSV")]}
    touched(tmp_path / "photos" / "cat" / "0.jpg")
    assert find_data_files(tmp_path / "photos").root == tmp_path / "photos"
