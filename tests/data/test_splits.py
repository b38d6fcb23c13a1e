"""Names of splits, and names that only hold such a word."""

import pytest

from inception_hub.data.splits import split_called, split_of_file, split_of_folder


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
        ("train_station", None), ("test tube", None), ("images", None), ("train_test", None), ("", None),
    ],
)  # fmt: skip
def test_folders(name: str, split: str | None) -> None:
    assert split_of_folder(name) == split


@pytest.mark.parametrize(
    "stem, split",
    [
        ("train-00000-of-00002", "train"), ("flowers_val", "validation"), ("test_results_train", "test"),
        ("0000", None), ("trained", None), ("a_test_train", None), ("unsupervised-00000-of-00001", None),
    ],
)  # fmt: skip
def test_files(stem: str, split: str | None) -> None:
    assert split_of_file(stem) == split
