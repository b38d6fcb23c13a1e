"""Classes and their numbers, from whatever labels the data has."""

from pathlib import Path
from typing import Any

import pytest

from inception_hub.data.classes import number_classes
from inception_hub.errors import FormatError


def numbered(labels: list[Any], declared: tuple[str, ...] | None = None) -> tuple[tuple[str, ...], list[int]]:
    names, classes = number_classes({"train": labels}, declared, None, "data")
    return names.names, classes["train"].tolist()


def test_whole_numbers_are_indices_or_names_of_themselves() -> None:
    assert numbered([7, 3, 7]) == (("3", "7"), [1, 0, 1])
    assert numbered(["7", "3"]) == (("3", "7"), [1, 0])
    assert numbered([1, 0], ("cat", "dog")) == (("cat", "dog"), [1, 0])


def test_a_name_of_digits_is_a_name() -> None:
    """James Bond is no 7: with a leading zero it is text, and so are its neighbours."""
    assert numbered(["007", "7"]) == (("007", "7"), [0, 1])
    assert numbered(["10", "9", "007"]) == (("007", "10", "9"), [1, 2, 0])


@pytest.mark.parametrize("label", [-1, 2, 3])
def test_numbers_beyond_the_names(label: int) -> None:
    with pytest.raises(FormatError, match=f"Photo 1 of the train split .* has label {label}, .* give 0 to 1"):
        numbered([0, label], ("cat", "dog"))


@pytest.mark.parametrize("label", [None, True, 1.5, ""])
def test_labels_that_are_none(label: Any) -> None:
    with pytest.raises(FormatError, match="The label of photo 1 of the train split .*; give a whole"):
        numbered(["cat", label])


def test_splits_share_one_numbering(tmp_path: Path) -> None:
    names, classes = number_classes({"train": ["b", "c"], "test": ["a", "c"]}, None, None, "data")
    assert names.names == ("a", "b", "c")
    assert {split: values.tolist() for split, values in classes.items()} == {"train": [1, 2], "test": [0, 2]}
    (tmp_path / "labels.txt").write_text("cat\ndog\n")
    (tmp_path / "wnids.txt").write_text("n00000001\nn00000002\n")
    names, classes = number_classes({"train": [1, 0]}, ("other",), tmp_path, "data")
    assert names.names == ("cat", "dog") and names.wordnet_ids == ("n00000001", "n00000002")
