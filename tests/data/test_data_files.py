"""The files of each split, in the same order on every disk."""

from pathlib import Path

import pytest

from inception_hub.data.data_files import DataFormat, find_data_files
from inception_hub.errors import FormatError
from inception_hub.images.folders import files_below

NAMES = [f"{number * 37 % 101:03}" for number in range(101)]  # neither ascending nor descending


def touched(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    return path


def test_photos_and_classes_come_sorted_however_the_disk_lists_them(tmp_path: Path) -> None:
    for name in NAMES:
        touched(tmp_path / f"class {name}" / "photo.jpg")
        touched(tmp_path / "class 050" / f"{name}.png")
    files = find_data_files(tmp_path).files
    assert files == sorted(files) and len(files) == 202


@pytest.mark.parametrize("suffix", ["parquet", "tar"])
def test_shards_come_sorted(tmp_path: Path, suffix: str) -> None:
    for name in NAMES:
        touched(tmp_path / f"train-{name}.{suffix}")
    files = find_data_files(tmp_path).files
    assert [Path(file).name for file in files] == sorted(f"train-{name}.{suffix}" for name in NAMES)


def test_relative_paths_start_from_the_folder_of_a_single_file(tmp_path: Path) -> None:
    (tmp_path / "list.CSV").write_text("path,label\n")
    data_files = find_data_files(tmp_path / "list.CSV")
    assert (data_files.format, data_files.root) == ("table", tmp_path)
    assert data_files.files == [str(tmp_path / "list.CSV")]
    touched(tmp_path / "photos" / "cat" / "0.jpg")
    assert find_data_files(tmp_path / "photos").root == tmp_path / "photos"


LAYOUTS: dict[str, tuple[DataFormat, list[str], list[str]]] = {
    "photos": ("folders", ["a/0.jpg", "b/c/1.JPG", "top.jpg", "notes.txt"], ["a/0.jpg", "b/c/1.JPG"]),
    "metadata": ("metadata", ["metadata.csv", "images/0.jpg", "x.parquet"], ["metadata.csv"]),
    "metadata of splits": (
        "metadata", ["test/metadata.jsonl", "train/metadata.jsonl", "train/a/0.jpg"],
        ["test/metadata.jsonl", "train/metadata.jsonl"],
    ),
    "shards": ("parquet", ["train-0.parquet", "a/0.jpg"], ["train-0.parquet"]),
    "a cloned repository": (
        "parquet", ["README.md", ".git/x.parquet", "data/test-0.parquet", "data/train-0.parquet"],
        ["data/test-0.parquet", "data/train-0.parquet"],
    ),
    "a table among photos": ("folders", ["a/0.jpg", "b/1.jpg", "b/x.parquet"], ["a/0.jpg", "b/1.jpg"]),
    "tars": ("webdataset", ["x-0.tar", "x-1.tar"], ["x-0.tar", "x-1.tar"]),
    "a saved data set": ("arrow", ["dataset_dict.json", "train/data.arrow"], []),
    "of a NAS": (
        "folders",
        ["@eaDir/0.jpg", "a/0.jpg", "a/@eaDir/0.jpg/S.jpg", "b/1.jpg", "b/._1.jpg", "__MACOSX/a/0.jpg"],
        ["a/0.jpg", "b/1.jpg"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", LAYOUTS)
def test_what_a_folder_is(name: str, tmp_path: Path) -> None:
    format, files, expected = LAYOUTS[name]
    for file in files:
        touched(tmp_path / file)
    data_files = find_data_files(tmp_path)
    assert data_files.format == format
    assert [str(Path(file).relative_to(tmp_path)) for file in data_files.files] == expected


def test_links_that_go_round_are_followed_once(tmp_path: Path) -> None:
    touched(tmp_path / "a" / "0.jpg")
    (tmp_path / "a" / "round").symlink_to(tmp_path)
    assert len(list(files_below(str(tmp_path)))) == 1


@pytest.mark.parametrize("name", ["data/train-0.parquet", "train-0.tar", "metadata.csv", "table.csv"])
def test_files_that_git_lfs_has_not_fetched(name: str, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / name).write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n")
    given = tmp_path / name if name == "table.csv" else tmp_path
    with pytest.raises(FormatError, match=f"{name} is a pointer of Git LFS, not the file itself; fetch"):
        find_data_files(given)


def test_a_repository_may_hold_pictures_beside_its_data(tmp_path: Path) -> None:
    for name in ("data/train-0.parquet", "data/unsupervised-0.parquet", "images/logo.png", "docs/page.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    found = find_data_files(tmp_path)
    assert found.format == "parquet" and len(found.files) == 2
    for file in (tmp_path / "data").iterdir():
        file.rename(file.with_name(file.name.replace("train", "one").replace("unsupervised", "two")))
    assert find_data_files(tmp_path).format == "folders"  # nothing says that those are of a data set's splits
