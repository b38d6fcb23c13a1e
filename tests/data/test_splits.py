"""Names of splits, and names that only hold such a word."""

import pytest

from inception_hub.data.splits import (
    split_called,
    split_of_file,
    split_of_folder,
    splits_of_folders,
    splits_of_paths,
)


@pytest.mark.parametrize(
    "name, split", [("Train", "train"), (" valid ", "validation"), ("trains", None), ("", None)]
)
def test_a_split_in_a_column(name: str, split: str | None) -> None:
    assert split_called(name) == split


@pytest.mark.parametrize(
    "name, split",
    [
        ("train", "train"), ("Training_Set", "train"), ("val2017", "validation"), ("test-images", "test"),
        ("images_train", "train"), ("dev", "validation"), ("evaluation", "test"),
        ("trainImages", "train"), ("testSet", "test"), ("valset", "validation"), ("trainStation", None),
        ("train_station", None), ("test tube", None), ("images", None), ("train_test", None), ("", None),
    ],
)  # fmt: skip
def test_folders(name: str, split: str | None) -> None:
    assert split_of_folder(name) == split


@pytest.mark.parametrize(
    "names, splits",
    [
        (("seg_train", "seg_test"), ("train", "test")),
        (("flowersTrain", "flowersVal", "daisy"), ("train", "validation", None)),
        (("train_part1", "val_part1", "train_part2"), ("train", "validation", "train")),
        (("train station", "test tube"), (None, None)),
        (("train station", "train stop"), (None, None)),
        (("steam train", "train (steam)"), (None, None)),
        (("train", "seg_test"), ("train", None)),
        ((), ()),
    ],
)
def test_folders_beside_each_other(names: tuple[str, ...], splits: tuple[str | None, ...]) -> None:
    found = splits_of_folders(names)
    assert tuple(found.get(name) for name in names) == splits


def test_only_folders_of_one_folder_stand_beside_each_other() -> None:
    paths = [("a", "x_train", "daisy"), ("b", "x_test", "daisy"), ("train", "val"), ("daisy",), ()]
    assert splits_of_paths(paths) == [None, None, ("train", "train"), None, None]
    assert splits_of_paths([("x_train",), ("x_test",)]) == [("train", "x_train"), ("test", "x_test")]
    assert splits_of_paths([("x_train",), ("x_test",)], {"x_test"}) == [None, None]


@pytest.mark.parametrize(
    "stem, split",
    [
        ("train-00000-of-00002", "train"), ("flowers_val", "validation"), ("test_results_train", "test"),
        ("0000", None), ("trained", None), ("a_test_train", None), ("unsupervised-00000-of-00001", None),
    ],
)  # fmt: skip
def test_files(stem: str, split: str | None) -> None:
    assert split_of_file(stem) == split
